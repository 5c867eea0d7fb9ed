import assert from "node:assert/strict";
import { test } from "node:test";
import { entryNamed } from "../../support/process-entries.ts";
import { ProcessWorld } from "../../support/process-world.ts";

/** A world of 300 entries whose processes run. */
async function crowd(): Promise<ProcessWorld> {
  const names = Array.from({ length: 300 }, (_, index) => `p${index}`);
  const world = new ProcessWorld(names.map((name) => entryNamed(name)));
  for (const name of names) world.spawn(name);
  world.startMonitor();
  await world.run(1000);
  return world;
}

test("between two check_intervals only the entries that are down are looked for", async () => {
  const world = await crowd();
  const looks: string[] = [];
  world.onDecision = (_, observation) => {
    if (observation.kind === "seen") looks.push(observation.sightings.map(({ key }) => key).join());
  };
  world.kill("p7");
  world.kill("p9");
  world.after(600, () => world.spawn("p7"));
  await world.run(2000);
  assert.equal(world.phaseOf("p7")?.name, "up");
  assert.equal(looks[0], "p7,p9", "deaths that come together need one look");
  assert.deepEqual(
    looks.filter((keys) => !["p7", "p9", "p7,p9"].includes(keys)),
    [],
  );
});

test("an observation about one entry leaves the others as they are", async () => {
  const world = await crowd();
  const changed: number[] = [];
  world.onDecision = (before) => {
    changed.push(world.state.entries.changedSince(before.entries).size);
  };
  world.kill("p7");
  await world.run(2000);
  assert.ok(changed.length > 3);
  assert.ok(changed.every((count) => count <= 1));
});
