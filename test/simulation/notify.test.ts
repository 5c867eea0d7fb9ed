import assert from "node:assert/strict";
import { test } from "node:test";
import { StateDirectory } from "../support/harness/state-directory.ts";
import { playBeforeTests } from "../support/play-before-tests.ts";
import { playSchedules, schedulesOr } from "../support/seeds.ts";
import { NotifyWorld } from "./notify-world.ts";

const SCHEDULES = schedulesOr(1500);

const countsOfAll = await playBeforeTests(async () => {
  const disk = new StateDirectory();
  const counts: Record<string, number> = {};
  await playSchedules(SCHEDULES, (seed) => {
    const world = new NotifyWorld(seed, disk);
    return {
      history: world.history,
      play: async () => {
        const outcome = await world.play();
        if (outcome.violations.length > 0) assert.fail(outcome.violations.join("\n"));
        for (const [what, count] of Object.entries(outcome.counts)) counts[what] = (counts[what] ?? 0) + count;
      },
    };
  });
  return counts;
});

test("nothing true is lost, nothing untrue is sent, nothing is sent twice, in any schedule", () => {
  const counts = countsOfAll();
  if (SCHEDULES < 1000) return;
  for (const what of [
    "killed at a step",
    "clock steps",
    "duplicate",
    "dropped by hand",
    "expired",
    "disk is full",
    "disk fails",
    "looked too late",
    "api is too late",
  ]) {
    assert.ok((counts[what] ?? 0) > 0, `no schedule came to this: ${what}`);
  }
});
