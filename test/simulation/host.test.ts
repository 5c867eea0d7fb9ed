import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { playSchedules, schedulesOr } from "../support/seeds.ts";
import { playRack } from "./host-rack.ts";
import { type Given, HostSchedule } from "./host-schedule.ts";

const USUAL = 80;
const SCHEDULES = schedulesOr(USUAL);

/** @returns the counts of all of them */
async function play(context: TestContext, count: number, given: Given): Promise<Record<string, number>> {
  const totals: Record<string, number> = {};
  await playSchedules(count, (seed) => {
    const schedule = new HostSchedule(seed, given);
    const { invariants, timeline } = schedule.world;
    return {
      history: timeline.lines,
      play: async () => {
        await schedule.play();
        if (invariants.violations.length > 0) assert.fail(invariants.violations.join("\n"));
        for (const [name, count] of Object.entries(invariants.counts)) totals[name] = (totals[name] ?? 0) + count;
      },
    };
  });
  context.diagnostic(JSON.stringify(totals));
  return totals;
}

describe("a simulated data centre", () => {
  test(`${SCHEDULES} schedules: every dead host reported once, no live one, nothing without quorum`, async (context) => {
    const totals = await play(context, SCHEDULES, { sensing: "quick" });
    const { reported = 0, owed = 0, returnedReported = 0 } = totals;
    // Schedules in which nobody dies would prove nothing; in a few, such as one that is played again, that may be so.
    if (SCHEDULES < USUAL) return;
    assert.ok(owed > SCHEDULES / 4, `only ${owed} hosts stayed dead`);
    assert.ok(reported > SCHEDULES, `only ${reported} reports`);
    assert.ok(returnedReported > SCHEDULES / 3, `only ${returnedReported} reports of hosts that were back`);
  });

  test("the same, with the monitor's own pulse and orders read as the program reads them", async (context) => {
    const { reported = 0 } = await play(context, Math.ceil(SCHEDULES / 8), { sensing: "whole" });
    assert.ok(reported > 0 || SCHEDULES < USUAL);
  });

  test("the seeds that have shown a fault once", async () => {
    for (const seed of [
      40040, 41597, 42851, 43542, 43934, 45349, 45851, 45881, 47707, 62098, 62186, 71530, 130816, 250576, 702304,
      702809, 702915, 760249,
    ]) {
      const schedule = new HostSchedule(seed, { sensing: "quick" });
      await schedule.play();
      assert.deepEqual(schedule.world.invariants.violations, [], `seed ${seed}`);
    }
  });

  test("one seed is one schedule", async () => {
    const [one, other] = [new HostSchedule(42), new HostSchedule(42)];
    await one.play();
    await other.play();
    assert.deepEqual(one.world.timeline.lines, other.world.timeline.lines);
  });

  test("a rack of 5 among 30 hosts loses power: each host is reported by one request", async () => {
    const names = Array.from({ length: 30 }, (_, index) => `host-${String(index + 1).padStart(2, "0")}`);
    const [members, remotes, monitors] = [names.slice(0, 5), names.slice(5), names.slice(0, 5)];
    const { text, isClean } = await playRack({ members, remotes, monitors }, { seed: 1, rack: 5 });
    assert.ok(isClean, text);
    assert.match(text, /stored by Masakari: 5 failures, 0 of hosts that were alive[\s\S]*POST notifications 5\n/);
  });

  test("monitors that take each side of a partition for the one with quorum are found out", async () => {
    const violations: string[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      const schedule = new HostSchedule(seed, { sensing: "quick", misread: (look) => ({ ...look, quorum: "yes" }) });
      await schedule.play();
      violations.push(...schedule.world.invariants.violations);
    }
    assert.ok(violations.some((violation) => violation.includes("without quorum")));
  });
});
