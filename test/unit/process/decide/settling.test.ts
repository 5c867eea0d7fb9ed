import assert from "node:assert/strict";
import { test } from "node:test";
import { entryNamed } from "../../../support/process-entries.ts";
import { running, stages } from "../../../support/process-scenarios.ts";
import { ProcessWorld } from "../../../support/process-world.ts";

test("a death is acted upon when the time to settle is over, to the millisecond", async () => {
  const world = await running("p");
  const death = world.mono;
  world.kill("p");
  await world.run(20_000);
  assert.deepEqual(
    world.runs.map(({ at, stage }) => [at - death, stage]),
    [[1000, "restart_command"]],
  );
  assert.equal(world.notified.length, 0);
});

test("settle 0 restarts at once", async () => {
  const world = new ProcessWorld([entryNamed("p", { settle: 0 })]);
  world.spawn("p");
  world.startMonitor();
  await world.run(1000);
  const death = world.mono;
  world.kill("p");
  await world.run(1000);
  assert.deepEqual(
    world.runs.map(({ at }) => at - death),
    [0],
  );
});

test("a process that its owner restarts within the time to settle is left alone", async () => {
  const world = await running("p");
  world.kill("p");
  world.after(600, () => world.spawn("p"));
  await world.run(30_000);
  assert.deepEqual(stages(world), []);
  assert.equal(world.phaseOf("p")?.name, "up");
});

test("another process of the same program keeps the entry up, and is watched from then on", async () => {
  const world = new ProcessWorld([entryNamed("p", { settle: 0 })]);
  const first = world.spawn("p");
  const second = world.spawn("p");
  world.startMonitor();
  await world.run(100);
  world.end("p", first);
  await world.run(100);
  assert.deepEqual(stages(world), []);
  world.end("p", second);
  await world.run(4);
  assert.deepEqual(stages(world), ["restart_command"]);
});

test("without pidfds a death is found by the next look", async () => {
  const world = await running("p");
  world.pidfd = false;
  world.kill("p");
  await world.run(7000);
  assert.deepEqual(stages(world), ["restart_command"]);
});
