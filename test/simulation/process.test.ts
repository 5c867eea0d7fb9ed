import assert from "node:assert/strict";
import { test } from "node:test";
import { playSchedules, schedulesOr } from "../support/seeds.ts";
import { checkPeace, watchInvariants } from "./process-invariants.ts";
import { scheduleOf } from "./process-schedule.ts";

const SCHEDULES = schedulesOr(2000);

test(`${SCHEDULES} bad days of a host: each failure notified once, nothing healthy touched`, async () => {
  const totals = { notified: 0, runs: 0 };
  await playSchedules(SCHEDULES, (seed) => {
    const { world, play } = scheduleOf(seed);
    watchInvariants(world);
    return {
      history: world.log,
      play: () => {
        play();
        checkPeace(world);
        totals.notified += world.notified.length;
        totals.runs += world.runs.length;
      },
    };
  });
  // A schedule that never gets anywhere would prove nothing.
  assert.ok(totals.notified > SCHEDULES / 2, `only ${totals.notified} notifications`);
  assert.ok(totals.runs > SCHEDULES * 5, `only ${totals.runs} commands`);
});

test("one seed is one day", () => {
  const [one, other] = [scheduleOf(42), scheduleOf(42)];
  one.play();
  other.play();
  assert.deepEqual(one.world.log, other.world.log);
});
