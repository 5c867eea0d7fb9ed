import assert from "node:assert/strict";
import { test } from "node:test";
import { entryNamed } from "../../../support/process-entries.ts";
import { fails, running, stages, works } from "../../../support/process-scenarios.ts";
import { ProcessWorld } from "../../../support/process-world.ts";

test("an edit of how an entry is matched looks for it again", async () => {
  const world = new ProcessWorld([entryNamed("p", { match: "substring" })]);
  world.table.add({ pid: 7, startTime: 1 }, "watch-p --all");
  world.startMonitor();
  await world.run(1000);
  assert.equal(world.phaseOf("p")?.name, "up");
  const its = world.spawn("p");
  world.edit([entryNamed("p")]);
  await world.run(1000);
  const phase = world.phaseOf("p");
  assert.equal(phase?.name === "up" && phase.process.pid, its.pid);
  world.kill("p");
  await world.run(2000);
  assert.equal(stages(world).at(-1), "restart_command");
});

test("an edit of the list: new entries are started, removed ones dropped and their notifications withdrawn, others go on", async () => {
  const world = await running("stays", "goes");
  world.behave = ({ key }) => (key === "goes" ? fails : works);
  world.kill("goes");
  await world.run(600_000);
  const before = world.runs.length;
  world.edit([entryNamed("stays", { restart_command: "another" }), entryNamed("comes")]);
  await world.run(10_000);
  assert.equal(world.inForce.size, 0);
  assert.deepEqual(
    world.runs.slice(before).map(({ key, stage }) => [key, stage]),
    [["comes", "start_command"]],
  );
  assert.equal(world.phaseOf("goes"), undefined);
});

test("an entry that is removed while its restart runs is not notified", async () => {
  const world = await running("p");
  world.behave = () => ({ ms: 5000, succeeds: false });
  world.kill("p");
  await world.run(2000);
  world.edit([]);
  await world.run(600_000);
  assert.equal(world.notified.length, 0);
});

test("the end of a forgotten command is not taken for that of the one that runs", async () => {
  const world = new ProcessWorld([entryNamed("p")]);
  world.behave = () => ({ ms: 5000, succeeds: true });
  world.startMonitor();
  await world.run(2000);
  world.edit([]);
  await world.run(1000);
  world.edit([entryNamed("p")]);
  await world.run(3000);
  assert.equal(world.phaseOf("p")?.name, "starting", "the first command has ended, the second runs");
  await world.run(3000);
  assert.equal(world.phaseOf("p")?.name, "verifying");
});

test("settings that change apply from then on", async () => {
  const world = await running("p");
  world.reload({ restart_retries: 0, settle: 0, hostname: "renamed" });
  world.behave = () => fails;
  const death = world.mono;
  world.kill("p");
  await world.run(20);
  assert.equal(world.notified.length, 1);
  assert.equal(world.notified[0]?.at, death + 10);
});

test("a look that found nothing new leaves the very same state", async () => {
  const world = await running("p", "q");
  const before = world.state;
  await world.run(60_000);
  assert.equal(world.state, before);
});
