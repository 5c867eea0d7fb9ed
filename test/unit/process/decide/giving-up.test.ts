import assert from "node:assert/strict";
import { test } from "node:test";
import { entryNamed } from "../../../support/process-entries.ts";
import { fails, running } from "../../../support/process-scenarios.ts";
import { ProcessWorld } from "../../../support/process-world.ts";

test("generated_time is when the last round was seen to have failed", async () => {
  const world = await running("p");
  world.behave = () => fails;
  world.kill("p");
  await world.run(600_000);
  const [notified] = world.notified;
  assert.equal(notified?.time, "2026-01-01T00:00:18.040000");
});

test("after the notification nothing is restarted; a recovery supersedes it and arms the entry again", async () => {
  const world = await running("p", "q");
  world.behave = () => fails;
  world.kill("p");
  world.kill("q");
  await world.run(600_000);
  assert.deepEqual([...world.inForce.keys()], ["process:p", "process:q"]);
  const before = world.runs.length;
  await world.run(600_000);
  assert.equal(world.runs.length, before);
  // Upstream re-arms only when no entry at all is down.
  world.spawn("p");
  await world.run(5000);
  assert.deepEqual([...world.inForce.keys()], ["process:q"]);
  world.kill("p");
  await world.run(600_000);
  assert.deepEqual(
    world.notified.map(({ subject }) => subject),
    ["process:p", "process:q", "process:p"],
  );
});

test("an entry without a restart_command is reported without rounds", async () => {
  const world = new ProcessWorld([entryNamed("p", { restart_command: "", start_command: "" })]);
  world.spawn("p");
  world.startMonitor();
  await world.run(1000);
  const death = world.mono;
  world.kill("p");
  await world.run(60_000);
  assert.deepEqual(
    world.notified.map(({ at }) => at - death),
    [1000],
  );
});

test("steps of the wall clock change nothing but the times shown", async () => {
  const world = await running("p");
  world.behave = () => fails;
  const death = world.mono;
  world.kill("p");
  world.after(1500, () => (world.wallOffset -= 3_600_000));
  world.after(7000, () => (world.wallOffset += 86_400_000));
  await world.run(600_000);
  assert.deepEqual(
    world.notified.map(({ at }) => at - death),
    [16_040],
  );
});
