import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProcessEntry } from "../../../src/config/process-entry.ts";
import type { ProcessSettings } from "../../../src/process/observation.ts";
import { restoreState } from "../../../src/process/saved-state.ts";
import { initialState } from "../../../src/process/state.ts";
import { entryNamed } from "../../support/process-entries.ts";
import { type Behaviour, ProcessWorld, unitIs } from "../../support/process-world.ts";

const fails: Behaviour = { ms: 10, succeeds: false };
const works: Behaviour = { ms: 10, succeeds: true, appearsAfter: 5 };
const lies: Behaviour = { ms: 10, succeeds: true };

function running(...names: string[]): ProcessWorld {
  const world = new ProcessWorld(names.map((name) => entryNamed(name)));
  for (const name of names) world.birth(name);
  world.startMonitor();
  world.run(1000);
  return world;
}

/** One process, up, on a host that systemd manages. */
function underSystemd(entry: Partial<ProcessEntry>, settings: Partial<ProcessSettings> = {}): ProcessWorld {
  const world = new ProcessWorld([entryNamed("p", entry)], settings);
  world.systemd = () => unitIs("active", { mainPid: 100 });
  world.birth("p");
  world.startMonitor();
  world.run(1000);
  return world;
}

function stages(world: ProcessWorld): string[] {
  return world.runs.map(({ stage }) => stage);
}

test("a running process is not started, one that is not running is, with what comes before and after", () => {
  const world = new ProcessWorld([
    entryNamed("here"),
    entryNamed("away", { pre_start_command: "prepare", post_start_command: "finish" }),
  ]);
  world.behave = ({ stage }) => (stage === "start_command" ? works : lies);
  world.birth("here");
  world.startMonitor();
  world.run(1000);
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

test("a pre_start_command that fails skips the start, and the entry is watched all the same", () => {
  const world = new ProcessWorld([entryNamed("p", { pre_start_command: "prepare" })], { restart_retries: 0 });
  world.behave = () => fails;
  world.startMonitor();
  world.run(60_000);
  assert.deepEqual(stages(world), ["pre_start_command", "restart_command"]);
  assert.equal(world.told.length, 1);
});

test("a process that comes up while pre_start_command runs is not started a second time", () => {
  const world = new ProcessWorld([entryNamed("p", { pre_start_command: "prepare" })]);
  world.behave = () => ({ ms: 3000, succeeds: true });
  world.startMonitor();
  world.after(1000, () => world.birth("p"));
  world.run(10_000);
  assert.deepEqual(stages(world), ["pre_start_command"]);
  assert.equal(world.phaseOf("p")?.name, "up");
});

test("a death is acted upon when the time to settle is over, to the millisecond", () => {
  const world = running("p");
  const death = world.mono;
  world.kill("p");
  world.run(20_000);
  assert.deepEqual(
    world.runs.map(({ at, stage }) => [at - death, stage]),
    [[1000, "restart_command"]],
  );
  assert.equal(world.told.length, 0);
});

test("settle 0 restarts at once", () => {
  const world = new ProcessWorld([entryNamed("p", { settle: 0 })]);
  world.birth("p");
  world.startMonitor();
  world.run(1000);
  const death = world.mono;
  world.kill("p");
  world.run(1000);
  assert.deepEqual(
    world.runs.map(({ at }) => at - death),
    [0],
  );
});

test("a process that its owner restarts within the time to settle is left alone", () => {
  const world = running("p");
  world.kill("p");
  world.after(600, () => world.birth("p"));
  world.run(30_000);
  assert.deepEqual(stages(world), []);
  assert.equal(world.phaseOf("p")?.name, "up");
});

test("another process of the same program keeps the entry up, and is watched from then on", () => {
  const world = new ProcessWorld([entryNamed("p", { settle: 0 })]);
  const first = world.birth("p");
  const second = world.birth("p");
  world.startMonitor();
  world.run(100);
  world.end("p", first);
  world.run(100);
  assert.deepEqual(stages(world), []);
  world.end("p", second);
  world.run(4);
  assert.deepEqual(stages(world), ["restart_command"]);
});

test("without pidfds a death is found by the next look", () => {
  const world = running("p");
  world.pidfd = false;
  world.kill("p");
  world.run(7000);
  assert.deepEqual(stages(world), ["restart_command"]);
});

test("restart_retries + 1 rounds, restart_interval between them and none after the last, then one notification", () => {
  const world = running("/usr/sbin/libvirtd");
  world.behave = () => fails;
  const death = world.mono;
  world.kill("/usr/sbin/libvirtd");
  world.run(600_000);
  const began = world.runs.map(({ at }) => at - death);
  assert.deepEqual(began, [1000, 6010, 11_020, 16_030]);
  assert.deepEqual(
    world.told.map(({ at, subject, processName }) => [at - death, subject, processName]),
    [[16_040, "process:/usr/sbin/libvirtd", "libvirtd"]],
  );
});

test("no notification (upstream sends one) when the last round is the one that succeeds", () => {
  for (const succeedsAt of [1, 2, 3, 4]) {
    const world = running("p");
    let round = 0;
    world.behave = () => (++round === succeedsAt ? works : fails);
    world.kill("p");
    world.run(600_000);
    assert.equal(world.told.length, 0, `success in round ${succeedsAt}`);
    assert.equal(round, succeedsAt);
  }
});

test("generated_time is when the last round was seen to have failed", () => {
  const world = running("p");
  world.behave = () => fails;
  world.kill("p");
  world.run(600_000);
  const [told] = world.told;
  assert.equal(told?.time, "2026-01-01T00:00:18.040000");
});

test("commands that succeed without the process appearing are failed rounds", () => {
  const world = running("p");
  world.behave = () => lies;
  const death = world.mono;
  world.kill("p");
  world.run(600_000);
  // Each round: 10 ms of command, check_interval (5 s) to appear; 5 s between.
  assert.deepEqual(
    world.runs.map(({ at }) => at - death),
    [1000, 11_010, 21_020, 31_030],
  );
  assert.equal(world.told.length, 1);
});

test("a process that is slow to appear is waited for, and seen soon after it does", () => {
  const world = running("p");
  world.behave = () => ({ ms: 10, succeeds: true, appearsAfter: 4000 });
  world.kill("p");
  world.run(6100);
  assert.deepEqual(stages(world), ["restart_command"]);
  assert.equal(world.phaseOf("p")?.name, "up");
});

test("a failed command counts for nothing if the process runs", () => {
  const world = running("p");
  world.behave = () => ({ ms: 10, succeeds: false, appearsAfter: 5 });
  world.kill("p");
  world.run(60_000);
  assert.deepEqual(stages(world), ["restart_command"]);
  assert.equal(world.told.length, 0);
});

test("pre_restart and post_restart belong to every round; one that fails ends the round", () => {
  const world = new ProcessWorld(
    [entryNamed("p", { pre_restart_command: "before", post_restart_command: "after", restart_interval: 0 })],
    { restart_retries: 1 },
  );
  world.birth("p");
  world.startMonitor();
  world.run(10);
  let pre = 0;
  world.behave = ({ stage }) =>
    stage === "pre_restart_command" && ++pre === 1 ? fails : stage === "restart_command" ? works : lies;
  world.kill("p");
  world.run(60_000);
  assert.deepEqual(stages(world), [
    "pre_restart_command",
    "pre_restart_command",
    "restart_command",
    "post_restart_command",
  ]);
  assert.equal(world.told.length, 0);
});

test("a process that dies again within check_interval of its restart goes on with the next round", () => {
  const world = running("p");
  world.behave = () => ({ ...works, livesFor: 3000 });
  world.kill("p");
  world.run(600_000);
  assert.equal(stages(world).length, 4);
  assert.equal(world.told.length, 1);
});

test("a process that lived longer than check_interval has all its rounds again", () => {
  const world = running("p");
  let lives = 0;
  world.behave = () => ({ ...works, ...(++lives <= 6 && { livesFor: 6000 }) });
  world.kill("p");
  world.run(600_000);
  assert.equal(stages(world).length, 7);
  assert.equal(world.told.length, 0);
});

test("after the notification nothing is restarted; a recovery supersedes it and arms the entry again", () => {
  const world = running("p", "q");
  world.behave = () => fails;
  world.kill("p");
  world.kill("q");
  world.run(600_000);
  assert.deepEqual([...world.standing.keys()], ["process:p", "process:q"]);
  const before = world.runs.length;
  world.run(600_000);
  assert.equal(world.runs.length, before);
  // Upstream re-arms only when no entry at all is down.
  world.birth("p");
  world.run(5000);
  assert.deepEqual([...world.standing.keys()], ["process:q"]);
  world.kill("p");
  world.run(600_000);
  assert.deepEqual(
    world.told.map(({ subject }) => subject),
    ["process:p", "process:q", "process:p"],
  );
});

test("a restart of the monitor repeats no notification; start_command is tried once, the restart not at all", () => {
  const world = running("p");
  world.behave = () => fails;
  world.kill("p");
  world.run(600_000);
  world.stopMonitor();
  const before = world.runs.length;
  world.startMonitor();
  world.run(600_000);
  assert.deepEqual(stages(world).slice(before), ["start_command"]);
  assert.equal(world.told.length, 1);
  assert.equal(world.standing.size, 1);
  world.stopMonitor();
  world.behave = () => works;
  world.startMonitor();
  world.run(10_000);
  assert.equal(world.standing.size, 0, "a start that works takes the notification back");
});

test("a process that recovers while the monitor is away is taken back at its start", () => {
  const world = running("p");
  world.behave = () => fails;
  world.kill("p");
  world.run(600_000);
  world.stopMonitor();
  world.birth("p");
  const before = world.runs.length;
  world.startMonitor();
  world.run(1000);
  assert.equal(world.standing.size, 0);
  assert.equal(world.runs.length, before);
});

test("what an earlier run left is sent when all entries were looked at, not before", () => {
  const world = running("p", "q");
  world.stopMonitor();
  world.startMonitor();
  assert.equal(world.caughtUp, false);
  world.run(0);
  assert.equal(world.caughtUp, true);
});

test("what an earlier run left about an entry waits for its start_command to be in vain", () => {
  const world = running("p", "q");
  world.behave = () => fails;
  world.kill("p");
  world.run(600_000);
  world.stopMonitor();
  world.behave = () => ({ ms: 3000, succeeds: false });
  world.startMonitor();
  world.run(2900);
  assert.deepEqual([world.phaseOf("p")?.name, world.caughtUp], ["starting", false]);
  world.run(600_000);
  assert.deepEqual([world.phaseOf("p")?.name, world.caughtUp], ["failed", true]);
});

test("a process that runs is taken back even if what was told of it is not remembered", () => {
  const world = running("p");
  world.behave = () => fails;
  world.kill("p");
  world.run(600_000);
  world.stopMonitor();
  world.state = initialState;
  world.birth("p");
  world.startMonitor();
  world.run(1000);
  assert.equal(world.standing.size, 0);
});

test("another boot begins afresh: the old notification is withdrawn, a new failure is told anew", () => {
  const world = running("p");
  world.behave = () => fails;
  world.kill("p");
  world.run(600_000);
  world.stopMonitor();
  world.reboot();
  world.startMonitor();
  assert.equal(world.standing.size, 0);
  world.run(600_000);
  assert.equal(world.told.length, 2);
});

test("an entry whose command hangs holds up nobody", () => {
  const world = running("hanging", "quick");
  world.behave = ({ key }) => (key === "hanging" ? { ms: 1e9, succeeds: true } : works);
  world.kill("hanging");
  world.run(10_000);
  const death = world.mono;
  world.kill("quick");
  world.run(2000);
  assert.deepEqual(world.runs.find(({ key }) => key === "quick")?.at, death + 1000);
  assert.equal(world.phaseOf("quick")?.name, "up");
  assert.equal(world.phaseOf("hanging")?.name, "restarting");
});

test("a unit that systemd is restarting is left to it; when systemd gives up, ours begins", () => {
  const world = underSystemd({ systemd_unit: "p.service" });
  world.systemd = () => unitIs("activating");
  world.kill("p");
  world.run(30_000);
  assert.deepEqual(stages(world), []);
  world.systemd = () => unitIs("failed", { result: "exit-code" });
  world.run(2000);
  assert.deepEqual(stages(world), ["restart_command"]);
});

test("a unit that is activating for ever does not hide the death for ever", () => {
  const world = underSystemd({ systemd_unit: "p.service" });
  world.systemd = () => unitIs("activating");
  world.behave = () => fails;
  world.kill("p");
  world.run(650_000);
  assert.equal(world.told.length, 1);
});

test("a process that comes up while systemd is asked is not restarted", () => {
  const world = underSystemd({ systemd_unit: "p.service" });
  world.systemd = () => {
    world.birth("p");
    return unitIs("active");
  };
  world.kill("p");
  world.run(10_000);
  assert.deepEqual(stages(world), []);
});

test("an entry without a restart_command is reported without rounds", () => {
  const world = new ProcessWorld([entryNamed("p", { restart_command: "", start_command: "" })]);
  world.birth("p");
  world.startMonitor();
  world.run(1000);
  const death = world.mono;
  world.kill("p");
  world.run(60_000);
  assert.deepEqual(
    world.told.map(({ at }) => at - death),
    [1000],
  );
});

test("a name found only as a substring counts from the start, loudly, until the program has been seen", () => {
  const world = new ProcessWorld([entryNamed("p")]);
  world.table.add({ pid: 7, startTime: 1 }, "watch-p --all");
  world.startMonitor();
  world.run(10_000);
  assert.deepEqual(stages(world), []);
  assert.ok(world.log.some((line) => line.includes("warning") && line.includes("taken for the process")));
  world.birth("p");
  world.run(10_000);
  world.kill("p");
  world.run(2000);
  assert.deepEqual(stages(world), ["restart_command"]);
});

/** What version 0.1.0 saved of an entry that it had seen running under its plain name. */
const savedBy010 = (key: string, toldAt: { wall: number; mono: number } | null = null) => ({
  version: 1,
  bootId: "boot-1",
  entries: [{ key, match: "program", pidfile: null, seenAs: "whole", toldAt }],
});

test("after an upgrade of the monitor and of the program, which only shows its name in another way now, nothing is restarted", () => {
  const world = new ProcessWorld([entryNamed("/usr/bin/p")]);
  const restored = restoreState({ rest: savedBy010("/usr/bin/p"), maps: {} });
  assert.ok(restored);
  world.state = restored;
  world.table.add({ pid: 7, startTime: 1 }, "launch --script=/usr/bin/p");
  world.startMonitor();
  world.run(60_000);
  assert.deepEqual([stages(world), world.told.length, world.phaseOf("/usr/bin/p")?.name], [[], 0, "up"]);
});

test("an entry with only a restart_command, down at the start, whose restart brings up what only contains its name", () => {
  const world = new ProcessWorld([entryNamed("/usr/bin/p", { start_command: "" })]);
  world.behave = () => {
    world.after(500, () =>
      world.table.add({ pid: 7, startTime: Math.floor(world.mono / 10) }, "launch --script=/usr/bin/p"),
    );
    return lies;
  };
  world.startMonitor();
  world.run(600_000);
  assert.deepEqual(
    [stages(world), world.told.length, world.phaseOf("/usr/bin/p")?.name],
    [["restart_command"], 0, "up"],
  );
});

test("the next version of a program, which only contains its name, is accepted once it has been restarted; a helper from before is not", () => {
  const world = running("p");
  world.table.add({ pid: 7, startTime: 1 }, "watch-p --all");
  world.behave = () => {
    world.after(500, () =>
      world.table.add({ pid: 8, startTime: Math.floor(world.mono / 10) }, "launch --script=/bin/p"),
    );
    return lies;
  };
  world.kill("p");
  world.run(600_000);
  assert.deepEqual([stages(world), world.told.length, world.phaseOf("p")?.name], [["restart_command"], 0, "up"]);
  const phase = world.phaseOf("p");
  assert.equal(phase?.name === "up" && phase.process.pid, 8);
});

test("what only contains the name ends a failure that was told when it began later and lasts", () => {
  const world = running("p");
  world.behave = () => fails;
  world.kill("p");
  world.run(600_000);
  assert.equal(world.standing.size, 1);
  const begin = () => world.table.add({ pid: 8, startTime: Math.floor(world.mono / 10) }, "repair-p");
  begin();
  world.run(40_000);
  world.table.remove(8);
  world.run(60_000);
  assert.equal(world.phaseOf("p")?.name, "failed", "who repairs it");
  begin();
  world.run(80_000);
  assert.deepEqual([world.phaseOf("p")?.name, world.standing.size], ["up", 0]);
});

test("a process that is watched stays what it is, whatever it shows, also for the next run of the monitor", () => {
  const world = running("p");
  const process = world.birth("p");
  world.kill("p");
  world.run(5000);
  const pid = world.birth("p").pid;
  world.run(10_000);
  const shown = world.table.get(pid);
  assert.ok(shown && process);
  Object.assign(shown, { raw: "zzz\0", name: "zzz" });
  world.run(10_000);
  world.stopMonitor();
  world.run(1000);
  world.startMonitor();
  world.run(60_000);
  assert.deepEqual(stages(world).slice(1), []);
  assert.equal(world.phaseOf("p")?.name, "up");
  world.kill("p");
  world.run(5000);
  assert.equal(stages(world).at(-1), "restart_command", "its end is seen all the same");
});

test("a process that executes another program is said to do that, and has not ended", () => {
  const world = running("p");
  const [pid] = world.table.pids();
  const shown = world.table.get(pid ?? 0);
  assert.ok(shown);
  Object.assign(shown, { raw: "other\0--flag\0", name: "other", executable: { path: "/bin/other", file: "1:other" } });
  world.run(5000);
  const line = world.log.find((one) => one.includes("another program"));
  assert.match(line ?? "", /p: pid 100 executes another program now, "other --flag"; waiting 1\.0 s/);
  assert.ok(!world.log.some((one) => one.includes("has ended")));
});

test("an edit of how an entry is matched looks for it anew", () => {
  const world = new ProcessWorld([entryNamed("p", { match: "substring" })]);
  world.table.add({ pid: 7, startTime: 1 }, "watch-p --all");
  world.startMonitor();
  world.run(1000);
  assert.equal(world.phaseOf("p")?.name, "up");
  const its = world.birth("p");
  world.edit([entryNamed("p")]);
  world.run(1000);
  const phase = world.phaseOf("p");
  assert.equal(phase?.name === "up" && phase.process.pid, its.pid);
  world.kill("p");
  world.run(2000);
  assert.equal(stages(world).at(-1), "restart_command");
});

test("a substring is never a recovery of a program that has been seen, also after a restart of the monitor", () => {
  const world = running("p");
  world.behave = () => fails;
  world.kill("p");
  world.table.add({ pid: 7, startTime: 1 }, "watch-p --all");
  world.run(600_000);
  assert.equal(world.standing.size, 1);
  world.stopMonitor();
  world.startMonitor();
  world.run(60_000);
  assert.equal(world.standing.size, 1);
  assert.equal(world.phaseOf("p")?.name, "failed");
});

test("an edit of the list: new entries are started, removed ones dropped and their notifications withdrawn, others go on", () => {
  const world = running("stays", "goes");
  world.behave = ({ key }) => (key === "goes" ? fails : works);
  world.kill("goes");
  world.run(600_000);
  const before = world.runs.length;
  world.edit([entryNamed("stays", { restart_command: "another" }), entryNamed("comes")]);
  world.run(10_000);
  assert.equal(world.standing.size, 0);
  assert.deepEqual(
    world.runs.slice(before).map(({ key, stage }) => [key, stage]),
    [["comes", "start_command"]],
  );
  assert.equal(world.phaseOf("goes"), undefined);
});

test("an entry that is removed while its restart runs tells nothing", () => {
  const world = running("p");
  world.behave = () => ({ ms: 5000, succeeds: false });
  world.kill("p");
  world.run(2000);
  world.edit([]);
  world.run(600_000);
  assert.equal(world.told.length, 0);
});

test("the end of a forgotten command is not taken for that of the one that runs", () => {
  const world = new ProcessWorld([entryNamed("p")]);
  world.behave = () => ({ ms: 5000, succeeds: true });
  world.startMonitor();
  world.run(2000);
  world.edit([]);
  world.run(1000);
  world.edit([entryNamed("p")]);
  world.run(3000);
  assert.equal(world.phaseOf("p")?.name, "starting", "the first command has ended, the second runs");
  world.run(3000);
  assert.equal(world.phaseOf("p")?.name, "verifying");
});

test("settings that change apply from then on", () => {
  const world = running("p");
  world.reload({ restart_retries: 0, settle: 0, hostname: "renamed" });
  world.behave = () => fails;
  const death = world.mono;
  world.kill("p");
  world.run(20);
  assert.equal(world.told.length, 1);
  assert.equal(world.told[0]?.at, death + 10);
});

test("steps of the wall clock change nothing but the times shown", () => {
  const world = running("p");
  world.behave = () => fails;
  const death = world.mono;
  world.kill("p");
  world.after(1500, () => (world.wallOffset -= 3_600_000));
  world.after(7000, () => (world.wallOffset += 86_400_000));
  world.run(600_000);
  assert.deepEqual(
    world.told.map(({ at }) => at - death),
    [16_040],
  );
});

test("a look that found nothing new leaves the very same state", () => {
  const world = running("p", "q");
  const before = world.state;
  world.run(60_000);
  assert.equal(world.state, before);
});
