import assert from "node:assert/strict";
import { test } from "node:test";
import { Seeded } from "../support/seeded.ts";
import { InstanceWorld } from "./instance-world.ts";

const SCHEDULES = Number(process.env.SCHEDULES ?? 5000);
const FIRST_SEED = Number(process.env.SEED ?? 1);
const STEPS = 200;

test(`${SCHEDULES} bad days of guests: each failure told once, no healthy guest ever`, () => {
  const totals = { failures: 0, told: 0 };
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed++) {
    const world = new InstanceWorld(new Seeded(seed));
    try {
      for (let step = 0; step < STEPS; step++) world.step();
      world.peace();
    } catch (error) {
      const story = world.log.slice(-150).join("\n");
      throw new Error(`SEED=${seed} SCHEDULES=1 shows it again. The last of it:\n${story}`, { cause: error });
    }
    totals.failures += world.failures;
    totals.told += world.decisions.events.filter((one) => one === "LIFECYCLE/STOPPED_FAILED").length;
  }
  // Days on which nothing happens, or of which nothing reaches the monitor, would prove nothing.
  assert.ok(totals.failures > SCHEDULES * 2, `only ${totals.failures} failures`);
  assert.ok(totals.told > totals.failures / 2, `only ${totals.told} of ${totals.failures} failures could be told`);
});
