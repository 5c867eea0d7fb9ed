import assert from "node:assert/strict";
import { test } from "node:test";
import { entryNamed } from "../../../support/process-entries.ts";
import { fails, lies, stages, works } from "../../../support/process-scenarios.ts";
import { ProcessWorld } from "../../../support/process-world.ts";

test("a running process is not started, one that is not running is, with what comes before and after", async () => {
  const world = new ProcessWorld([
    entryNamed("here"),
    entryNamed("away", { pre_start_command: "prepare", post_start_command: "finish" }),
  ]);
  world.behave = ({ stage }) => (stage === "start_command" ? works : lies);
  world.spawn("here");
  world.startMonitor();
  await world.run(1000);
  assert.deepEqual(
    world.runs.map(({ key, stage }) => [key, stage]),
    [
      ["away", "pre_start_command"],
      ["away", "start_command"],
      ["away", "post_start_command"],
    ],
  );
  assert.equal(world.phaseOf("here")?.name, "up");
  assert.equal(world.phaseOf("away")?.name, "up");
});

test("a pre_start_command that fails skips the start, and the entry is watched all the same", async () => {
  const world = new ProcessWorld([entryNamed("p", { pre_start_command: "prepare" })], { restart_retries: 0 });
  world.behave = () => fails;
  world.startMonitor();
  await world.run(60_000);
  assert.deepEqual(stages(world), ["pre_start_command", "restart_command"]);
  assert.equal(world.notified.length, 1);
});

test("a process that comes up while pre_start_command runs is not started a second time", async () => {
  const world = new ProcessWorld([entryNamed("p", { pre_start_command: "prepare" })]);
  world.behave = () => ({ ms: 3000, succeeds: true });
  world.startMonitor();
  world.after(1000, () => world.spawn("p"));
  await world.run(10_000);
  assert.deepEqual(stages(world), ["pre_start_command"]);
  assert.equal(world.phaseOf("p")?.name, "up");
});
