import assert from "node:assert/strict";
import { test } from "node:test";
import { Seeded } from "../support/seeded.ts";
import { playSchedules, schedulesOr } from "../support/seeds.ts";
import { InstanceWorld } from "./instance-world.ts";

const SCHEDULES = schedulesOr(5000);
const STEPS = 200;

test(`${SCHEDULES} bad days of guests: each failure told once, no healthy guest ever`, async () => {
  const totals = { failures: 0, told: 0 };
  await playSchedules(SCHEDULES, (seed) => {
    const world = new InstanceWorld(new Seeded(seed));
    return {
      history: world.log,
      play: () => {
        for (let step = 0; step < STEPS; step++) world.step();
        world.peace();
        totals.failures += world.failures;
        totals.told += world.decisions.events.filter((one) => one === "LIFECYCLE/STOPPED_FAILED").length;
      },
    };
  });
  // Days on which nothing happens, or of which nothing reaches the monitor, would prove nothing.
  assert.ok(totals.failures > SCHEDULES * 2, `only ${totals.failures} failures`);
  assert.ok(totals.told > totals.failures / 2, `only ${totals.told} of ${totals.failures} failures could be told`);
});
