import assert from "node:assert/strict";
import { test } from "node:test";
import { entryNamed } from "../../../support/process-entries.ts";
import { fails, lies, running, stages, works } from "../../../support/process-scenarios.ts";
import { ProcessWorld } from "../../../support/process-world.ts";

test("restart_retries + 1 rounds, restart_interval between them and none after the last, then one notification", async () => {
  const world = await running("/usr/sbin/libvirtd");
  world.behave = () => fails;
  const death = world.mono;
  world.kill("/usr/sbin/libvirtd");
  await world.run(600_000);
  const began = world.runs.map(({ at }) => at - death);
  assert.deepEqual(began, [1000, 6010, 11_020, 16_030]);
  assert.deepEqual(
    world.notified.map(({ at, subject, notification }) => [at - death, subject, notification.payload.process_name]),
    [[16_040, "process:/usr/sbin/libvirtd", "libvirtd"]],
  );
});

test("no notification (upstream sends one) when the last round is the one that succeeds", async () => {
  for (const succeedsAt of [1, 2, 3, 4]) {
    const world = await running("p");
    let round = 0;
    world.behave = () => (++round === succeedsAt ? works : fails);
    world.kill("p");
    await world.run(600_000);
    assert.equal(world.notified.length, 0, `success in round ${succeedsAt}`);
    assert.equal(round, succeedsAt);
  }
});

test("commands that succeed without the process appearing are failed rounds", async () => {
  const world = await running("p");
  world.behave = () => lies;
  const death = world.mono;
  world.kill("p");
  await world.run(600_000);
  // Each round: 10 ms of command, check_interval (5 s) to appear; 5 s between.
  assert.deepEqual(
    world.runs.map(({ at }) => at - death),
    [1000, 11_010, 21_020, 31_030],
  );
  assert.equal(world.notified.length, 1);
});

test("a process that is slow to appear is waited for, and seen soon after it does", async () => {
  const world = await running("p");
  world.behave = () => ({ ms: 10, succeeds: true, appearsAfter: 4000 });
  world.kill("p");
  await world.run(6100);
  assert.deepEqual(stages(world), ["restart_command"]);
  assert.equal(world.phaseOf("p")?.name, "up");
});

test("a failed command counts for nothing if the process runs", async () => {
  const world = await running("p");
  world.behave = () => ({ ms: 10, succeeds: false, appearsAfter: 5 });
  world.kill("p");
  await world.run(60_000);
  assert.deepEqual(stages(world), ["restart_command"]);
  assert.equal(world.notified.length, 0);
});

test("pre_restart and post_restart belong to every round; one that fails ends the round", async () => {
  const world = new ProcessWorld(
    [entryNamed("p", { pre_restart_command: "before", post_restart_command: "after", restart_interval: 0 })],
    { restart_retries: 1 },
  );
  world.spawn("p");
  world.startMonitor();
  await world.run(10);
  let pre = 0;
  world.behave = ({ stage }) =>
    stage === "pre_restart_command" && ++pre === 1 ? fails : stage === "restart_command" ? works : lies;
  world.kill("p");
  await world.run(60_000);
  assert.deepEqual(stages(world), [
    "pre_restart_command",
    "pre_restart_command",
    "restart_command",
    "post_restart_command",
  ]);
  assert.equal(world.notified.length, 0);
});

test("a process that dies again within check_interval of its restart goes on with the next round", async () => {
  const world = await running("p");
  world.behave = () => ({ ...works, livesFor: 3000 });
  world.kill("p");
  await world.run(600_000);
  assert.equal(stages(world).length, 4);
  assert.equal(world.notified.length, 1);
});

test("a process that lived longer than check_interval has all its rounds again", async () => {
  const world = await running("p");
  let lives = 0;
  world.behave = () => ({ ...works, ...(++lives <= 6 && { livesFor: 6000 }) });
  world.kill("p");
  await world.run(600_000);
  assert.equal(stages(world).length, 7);
  assert.equal(world.notified.length, 0);
});

test("an entry whose command hangs delays no other entry", async () => {
  const world = await running("hanging", "quick");
  world.behave = ({ key }) => (key === "hanging" ? { ms: 1e9, succeeds: true } : works);
  world.kill("hanging");
  await world.run(10_000);
  const death = world.mono;
  world.kill("quick");
  await world.run(2000);
  assert.deepEqual(world.runs.find(({ key }) => key === "quick")?.at, death + 1000);
  assert.equal(world.phaseOf("quick")?.name, "up");
  assert.equal(world.phaseOf("hanging")?.name, "restarting");
});

test("each round is counted by whether the process was running after it", async () => {
  const world = await running("p");
  let round = 0;
  world.behave = () => (++round === 3 ? works : fails);
  world.kill("p");
  await world.run(600_000);
  assert.deepEqual(
    world.counted.map(({ counter, labels }) => [counter, labels.process, labels.result]),
    ["failed", "failed", "succeeded"].map((result) => ["process_restarts", "p", result]),
  );
});
