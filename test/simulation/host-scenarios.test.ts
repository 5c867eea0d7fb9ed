import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { HostScenario, reportOf } from "./host-scenario.ts";

const folder = fileURLToPath(new URL("scenarios/", import.meta.url));

describe("a scenario of a simulated data centre ends as its folder expects", () => {
  for (const name of readdirSync(folder).sort()) {
    const scenario = new HostScenario(join(folder, name));
    test(basename(name), async () => {
      const world = await scenario.play();
      world.end();
      assert.deepEqual(world.invariants.violations, []);
      const hint = `if it is right: npm run simulate -- --scenario test/simulation/scenarios/${name} --write`;
      assert.equal(reportOf(world), readFileSync(scenario.expectedPath, "utf8"), hint);
    });
  }
});
