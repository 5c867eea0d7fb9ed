import assert from "node:assert/strict";
import { test } from "node:test";
import { StateDirectory } from "../support/harness/state-directory.ts";
import { playBeforeTests } from "../support/play-before-tests.ts";
import { Seeded } from "../support/seeded.ts";
import { playSchedules, schedulesOr } from "../support/seeds.ts";
import { InstanceWorld } from "./instance-world.ts";

const SCHEDULES = schedulesOr(1500);
const STEPS = 200;
/** One schedule in so many has its state in a real database. */
const ON_DISK = 20;

const totalsOfAll = await playBeforeTests(async () => {
  const disk = new StateDirectory();
  const totals = { failures: 0, notified: 0 };
  await playSchedules(SCHEDULES, (seed) => {
    const onDisk = seed % ON_DISK === 0;
    if (onDisk) disk.empty();
    const world = new InstanceWorld(new Seeded(seed), onDisk ? () => disk.open() : undefined);
    return {
      history: world.log,
      play: async () => {
        world.startMonitor();
        for (let step = 0; step < STEPS; step++) await world.step();
        await world.peace();
        world.stopMonitor();
        totals.failures += world.failures;
        totals.notified += world.failuresNotified;
      },
    };
  });
  return totals;
});

test(`${SCHEDULES} bad days of guests: each failure notified once, no healthy guest ever`, () => {
  const totals = totalsOfAll();
  // Days on which nothing happens, or of which nothing reaches the monitor, would prove nothing.
  assert.ok(totals.failures > SCHEDULES * 2, `only ${totals.failures} failures`);
  assert.ok(totals.notified > totals.failures / 2, `only ${totals.notified} of ${totals.failures} failures notified`);
});
