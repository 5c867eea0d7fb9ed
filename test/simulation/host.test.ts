import assert from "node:assert/strict";
import { test } from "node:test";
import { playSchedules, schedulesOr } from "../support/seeds.ts";
import { HostSchedule } from "./host-schedule.ts";

const SCHEDULES = schedulesOr(80);

test(`${SCHEDULES} schedules of a data centre: every dead host reported once, no live one, nothing without quorum`, async (context) => {
  const totals: Record<string, number> = {};
  await playSchedules(SCHEDULES, (seed) => {
    const schedule = new HostSchedule(seed);
    return {
      history: schedule.world.history,
      play: async () => {
        await schedule.play();
        const { violations, counts } = schedule.world.invariants;
        if (violations.length > 0) assert.fail(violations.join("\n"));
        for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count;
      },
    };
  });
  context.diagnostic(JSON.stringify(totals));
  const { reported = 0, owed = 0, returnedReported = 0 } = totals;
  // Schedules in which nobody dies would prove nothing.
  assert.ok(owed > SCHEDULES / 3, `only ${owed} hosts stayed dead`);
  assert.ok(reported > SCHEDULES, `only ${reported} reports`);
  assert.ok(returnedReported > SCHEDULES / 3, `only ${returnedReported} reports of hosts that were back`);
});

test("one seed is one schedule", async () => {
  const [one, other] = [new HostSchedule(42), new HostSchedule(42)];
  await one.play();
  await other.play();
  assert.deepEqual(one.world.history, other.world.history);
});
