import assert from "node:assert/strict";
import { test } from "node:test";
import { entryNamed } from "../../../support/process-entries.ts";
import { fails, lies, running, stages } from "../../../support/process-scenarios.ts";
import { ProcessWorld } from "../../../support/process-world.ts";

test("a name found only as a substring counts from the start, loudly, until the program has been seen", async () => {
  const world = new ProcessWorld([entryNamed("p")]);
  world.table.add({ pid: 7, startTime: 1 }, "watch-p --all");
  world.startMonitor();
  await world.run(10_000);
  assert.deepEqual(stages(world), []);
  assert.ok(world.log.some((line) => line.includes("warning") && line.includes("treated as the process")));
  world.spawn("p");
  await world.run(10_000);
  world.kill("p");
  await world.run(2000);
  assert.deepEqual(stages(world), ["restart_command"]);
});

/** What version 0.1.0 saved of an entry that it had seen running under its plain name. */
const savedBy010 = (key: string, toldAt: { wall: number; mono: number } | null = null) => ({
  version: 1,
  bootId: "boot-1",
  entries: [{ key, match: "program", pidfile: null, seenAs: "whole", toldAt }],
});

test("after an upgrade of the monitor and of the program, which only shows its name in another way now, nothing is restarted", async () => {
  const world = new ProcessWorld([entryNamed("/usr/bin/p")]);
  world.file.save("processmonitor", JSON.stringify(savedBy010("/usr/bin/p")));
  world.table.add({ pid: 7, startTime: 1 }, "launch --script=/usr/bin/p");
  world.startMonitor();
  await world.run(60_000);
  assert.deepEqual([stages(world), world.notified.length, world.phaseOf("/usr/bin/p")?.name], [[], 0, "up"]);
});

test("an entry with only a restart_command, down at the start, whose restart brings up what only contains its name", async () => {
  const world = new ProcessWorld([entryNamed("/usr/bin/p", { start_command: "" })]);
  world.behave = () => {
    world.after(500, () =>
      world.table.add({ pid: 7, startTime: Math.floor(world.mono / 10) }, "launch --script=/usr/bin/p"),
    );
    return lies;
  };
  world.startMonitor();
  await world.run(600_000);
  assert.deepEqual(
    [stages(world), world.notified.length, world.phaseOf("/usr/bin/p")?.name],
    [["restart_command"], 0, "up"],
  );
});

test("the next version of a program, which only contains its name, is accepted once it has been restarted; a helper from before is not", async () => {
  const world = await running("p");
  world.table.add({ pid: 7, startTime: 1 }, "watch-p --all");
  world.behave = () => {
    world.after(500, () =>
      world.table.add({ pid: 8, startTime: Math.floor(world.mono / 10) }, "launch --script=/bin/p"),
    );
    return lies;
  };
  world.kill("p");
  await world.run(600_000);
  assert.deepEqual([stages(world), world.notified.length, world.phaseOf("p")?.name], [["restart_command"], 0, "up"]);
  const phase = world.phaseOf("p");
  assert.equal(phase?.name === "up" && phase.process.pid, 8);
});

test("what only contains the name ends a failure that was notified when it began later and lasts", async () => {
  const world = await running("p");
  world.behave = () => fails;
  world.kill("p");
  await world.run(600_000);
  assert.equal(world.inForce.size, 1);
  const begin = () => world.table.add({ pid: 8, startTime: Math.floor(world.mono / 10) }, "repair-p");
  begin();
  await world.run(40_000);
  world.table.remove(8);
  await world.run(60_000);
  assert.equal(world.phaseOf("p")?.name, "failed", "who repairs it");
  begin();
  await world.run(80_000);
  assert.deepEqual([world.phaseOf("p")?.name, world.inForce.size], ["up", 0]);
});

test("a process that is watched stays what it is, whatever it shows, also for the next run of the monitor", async () => {
  const world = await running("p");
  const process = world.spawn("p");
  world.kill("p");
  await world.run(5000);
  const pid = world.spawn("p").pid;
  await world.run(10_000);
  const shown = world.table.get(pid);
  assert.ok(shown && process);
  Object.assign(shown, { raw: "zzz\0", name: "zzz" });
  await world.run(10_000);
  world.stopMonitor();
  await world.run(1000);
  world.startMonitor();
  await world.run(60_000);
  assert.deepEqual(stages(world).slice(1), []);
  assert.equal(world.phaseOf("p")?.name, "up");
  world.kill("p");
  await world.run(5000);
  assert.equal(stages(world).at(-1), "restart_command", "its end is seen all the same");
});

test("a process that executes another program is logged as such, and has not ended", async () => {
  const world = await running("p");
  const [pid] = world.table.pids();
  const shown = world.table.get(pid ?? 0);
  assert.ok(shown);
  Object.assign(shown, { raw: "other\0--flag\0", name: "other", executable: { path: "/bin/other", file: "1:other" } });
  await world.run(5000);
  const line = world.log.find((one) => one.includes("another program"));
  assert.match(line ?? "", /p: pid 100 executes another program now, "other --flag"; waiting 1\.0 s/);
  assert.ok(!world.log.some((one) => one.includes("has ended")));
});

test("a substring is never a recovery of a program that has been seen, also after a restart of the monitor", async () => {
  const world = await running("p");
  world.behave = () => fails;
  world.kill("p");
  world.table.add({ pid: 7, startTime: 1 }, "watch-p --all");
  await world.run(600_000);
  assert.equal(world.inForce.size, 1);
  world.stopMonitor();
  world.startMonitor();
  await world.run(60_000);
  assert.equal(world.inForce.size, 1);
  assert.equal(world.phaseOf("p")?.name, "failed");
});
