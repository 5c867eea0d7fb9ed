import assert from "node:assert/strict";
import { test } from "node:test";
import { fails, running, stages, works } from "../../../support/process-scenarios.ts";

test("a restart of the monitor repeats no notification; start_command is tried once, the restart not at all", async () => {
  const world = await running("p");
  world.behave = () => fails;
  world.kill("p");
  await world.run(600_000);
  world.stopMonitor();
  const before = world.runs.length;
  world.startMonitor();
  await world.run(600_000);
  assert.deepEqual(stages(world).slice(before), ["start_command"]);
  assert.equal(world.notified.length, 1);
  assert.equal(world.inForce.size, 1);
  world.stopMonitor();
  world.behave = () => works;
  world.startMonitor();
  await world.run(10_000);
  assert.equal(world.inForce.size, 0, "a start that works takes the notification back");
});

test("the notification of a process that recovers while the monitor is away is withdrawn at its start", async () => {
  const world = await running("p");
  world.behave = () => fails;
  world.kill("p");
  await world.run(600_000);
  world.stopMonitor();
  world.spawn("p");
  const before = world.runs.length;
  world.startMonitor();
  await world.run(1000);
  assert.equal(world.inForce.size, 0);
  assert.equal(world.runs.length, before);
});

test("what an earlier run left is sent when all entries were looked at, not before", async () => {
  const world = await running("p", "q");
  world.stopMonitor();
  world.startMonitor();
  assert.equal(world.caughtUp, false);
  await world.run(0);
  assert.equal(world.caughtUp, true);
});

test("what an earlier run left about an entry waits until its start_command has not helped", async () => {
  const world = await running("p", "q");
  world.behave = () => fails;
  world.kill("p");
  await world.run(600_000);
  world.stopMonitor();
  world.behave = () => ({ ms: 3000, succeeds: false });
  world.startMonitor();
  await world.run(2900);
  assert.deepEqual([world.phaseOf("p")?.name, world.caughtUp], ["starting", false]);
  await world.run(600_000);
  assert.deepEqual([world.phaseOf("p")?.name, world.caughtUp], ["failed", true]);
});

test("the notification of a process that runs is withdrawn even if the state is lost", async () => {
  const world = await running("p");
  world.behave = () => fails;
  world.kill("p");
  await world.run(600_000);
  world.stopMonitor();
  world.file.clear();
  world.spawn("p");
  world.startMonitor();
  await world.run(1000);
  assert.equal(world.inForce.size, 0);
});

test("another boot begins afresh: the old notification is withdrawn, a new failure is notified again", async () => {
  const world = await running("p");
  world.behave = () => fails;
  world.kill("p");
  await world.run(600_000);
  world.stopMonitor();
  world.reboot();
  world.startMonitor();
  assert.equal(world.inForce.size, 0);
  await world.run(600_000);
  assert.equal(world.notified.length, 2);
});
