import assert from "node:assert/strict";
import { test } from "node:test";
import { subjectOf } from "../../../../src/process/subjects.ts";
import { entryNamed } from "../../../support/process-entries.ts";
import { fails, running } from "../../../support/process-scenarios.ts";
import { ProcessWorld } from "../../../support/process-world.ts";

/** What `status` shows of the entry p. */
function givenUp(world: ProcessWorld): string | undefined {
  const entry = world.state.entries.get("p");
  return entry && subjectOf(entry).givenUp;
}

test("generated_time is when the last round was seen to have failed", async () => {
  const world = await running("p");
  world.behave = () => fails;
  world.kill("p");
  await world.run(600_000);
  const [notified] = world.notified;
  assert.equal(notified?.time, "2026-01-01T00:00:18.040000");
});

test("with [notifications] shadow the log states what would be done, and that Masakari is not notified", async () => {
  const world = new ProcessWorld([entryNamed("p")], { shadow: true });
  world.spawn("p");
  world.startMonitor();
  await world.run(1000);
  world.behave = () => fails;
  world.kill("p");
  await world.run(600_000);
  const log = world.log.join("\n");
  assert.match(log, /p: would be restarted, round 1 of 4/);
  assert.match(
    log,
    /p has been down for .* and nothing has restarted it; Masakari is not notified, because \[notifications\] shadow is set/,
  );
  assert.doesNotMatch(log, /notifying Masakari|: restarting, round|did not help|commands succeeded/);
  assert.match(givenUp(world) ?? "", /Masakari would have been notified, but \[notifications\] shadow was set/);
  world.stopMonitor();
  await world.run(1000);
  world.settings = { ...world.settings, shadow: false };
  world.startMonitor();
  await world.run(1000);
  assert.match(givenUp(world) ?? "", /Masakari would have been notified/);
  world.spawn("p");
  await world.run(5000);
  assert.match(world.log.join("\n"), /p \(pid \d+\) has recovered; its failure was logged at/);
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
