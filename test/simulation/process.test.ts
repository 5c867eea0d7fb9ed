import assert from "node:assert/strict";
import { test } from "node:test";
import { StateDirectory } from "../support/harness/state-directory.ts";
import { playBeforeTests } from "../support/play-before-tests.ts";
import { playSchedules, schedulesOr } from "../support/seeds.ts";
import { checkPeace, watchInvariants } from "./process-invariants.ts";
import { scheduleOf } from "./process-schedule.ts";

const SCHEDULES = schedulesOr(2000);
/** One schedule in so many has its state in a real database. */
const ON_DISK = 20;

const badDays = await playBeforeTests(async () => {
  const totals = { notified: 0, runs: 0 };
  const disk = new StateDirectory();
  await playSchedules(SCHEDULES, (seed) => {
    const onDisk = seed % ON_DISK === 0;
    if (onDisk) disk.empty();
    const { world, play } = scheduleOf(seed, onDisk ? () => disk.open() : undefined);
    watchInvariants(world);
    return {
      history: world.log,
      play: async () => {
        await play();
        checkPeace(world);
        world.stopMonitor();
        totals.notified += world.notified.length;
        totals.runs += world.runs.length;
      },
    };
  });
  return totals;
});

const sameDayTwice = await playBeforeTests(async () => {
  const [one, other] = [scheduleOf(42), scheduleOf(42)];
  await one.play();
  await other.play();
  return [one.world.log, other.world.log];
});

test(`${SCHEDULES} bad days of a host: each failure notified once, nothing healthy touched`, () => {
  const totals = badDays();
  // A schedule that never gets anywhere would prove nothing.
  assert.ok(totals.notified > SCHEDULES / 2, `only ${totals.notified} notifications`);
  assert.ok(totals.runs > SCHEDULES * 5, `only ${totals.runs} commands`);
});

test("one seed is one day", () => {
  const [one, other] = sameDayTwice();
  assert.deepEqual(one, other);
});
