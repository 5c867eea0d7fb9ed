import assert from "node:assert/strict";
import { test } from "node:test";
import { NotifyWorld, simulationDirectory } from "./notify-world.ts";

/** SIMULATION_SEED=n plays one schedule again; SIMULATION_RUNS=n plays more or fewer. */
const only = process.env.SIMULATION_SEED;
const runs = Number(process.env.SIMULATION_RUNS ?? 1500);

test("nothing true is lost, nothing untrue is sent, nothing is sent twice, in any schedule", async () => {
  const directory = simulationDirectory();
  const first = only === undefined ? 1 + Math.floor(Math.random() * 1e9) : Number(only);
  const counts: Record<string, number> = {};
  for (let seed = first; seed < first + (only === undefined ? runs : 1); seed += 1) {
    const outcome = await new NotifyWorld(seed, directory).play();
    assert.deepEqual(
      outcome.violations,
      [],
      `SIMULATION_SEED=${seed}\n${outcome.history.join("\n")}\n${outcome.violations.join("\n")}`,
    );
    for (const [what, count] of Object.entries(outcome.counts)) counts[what] = (counts[what] ?? 0) + count;
  }
  if (only !== undefined || runs < 1000) return;
  for (const what of [
    "killed at a step",
    "clock steps",
    "duplicate",
    "dropped by hand",
    "expired",
    "disk full",
    "looked too late",
    "api is too late",
  ]) {
    assert.ok((counts[what] ?? 0) > 0, `no schedule came to this: ${what}`);
  }
});
