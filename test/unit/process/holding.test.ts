import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProcessEntry } from "../../../src/config/process-entry.ts";
import type { ProcessSettings, SystemdAnswer } from "../../../src/process/observation.ts";
import { entryNamed } from "../../support/process-entries.ts";
import { ProcessWorld, unitIs } from "../../support/process-world.ts";

const RESTART = { restart_command: "restart", start_command: "", systemd_unit: "p.service" };
const REPORT_ONLY = { restart_command: "", start_command: "" };

/** A host that has just been booted: nothing runs yet. */
function booting(entry: Partial<ProcessEntry>, settings: Partial<ProcessSettings> = {}): ProcessWorld {
  const world = new ProcessWorld([entryNamed("p", entry)], settings);
  world.behave = () => ({ ms: 10, succeeds: false });
  world.bootedAt = world.mono;
  return world;
}

/** The process was up for a second, and was killed. */
function killed(
  entry: Partial<ProcessEntry>,
  systemd: (world: ProcessWorld) => SystemdAnswer | undefined,
): ProcessWorld {
  const world = new ProcessWorld([entryNamed("p", entry)]);
  let answer: () => SystemdAnswer | undefined = () => unitIs("active", { mainPid: 100 });
  world.systemd = () => answer();
  world.birth("p");
  world.startMonitor();
  world.run(1000);
  answer = () => systemd(world);
  world.kill("p");
  return world;
}

const stages = (world: ProcessWorld): string[] => world.runs.map(({ stage }) => stage);

test("what was never up since the boot is not notified before boot_grace, and then without delay", () => {
  const world = booting(REPORT_ONLY);
  world.startMonitor();
  world.run(299_000);
  assert.equal(world.told.length, 0);
  assert.match(world.conditions.get("held processes") ?? "", /^p: not seen running since the boot/);
  world.run(2000);
  assert.equal(world.told.length, 1);
  assert.equal(world.conditions.get("held processes"), undefined);
});

test("boot_grace counts from the boot, not from the monitor's start, and boot_grace 0 is none", () => {
  const late = booting(REPORT_ONLY);
  late.run(1_000_000);
  late.startMonitor();
  late.run(1500);
  assert.equal(late.told.length, 1);
  const none = booting(REPORT_ONLY, { boot_grace: 0 });
  none.startMonitor();
  none.run(1500);
  assert.equal(none.told.length, 1);
});

test("what has been up since the boot is notified at once when it dies, also after a restart of the monitor", () => {
  const world = booting(REPORT_ONLY);
  world.startMonitor();
  world.run(5000);
  world.birth("p");
  world.run(10_000);
  world.stopMonitor();
  world.kill("p");
  world.startMonitor();
  world.run(1500);
  assert.equal(world.told.length, 1);
});

test("another boot has its own grace", () => {
  const world = booting(REPORT_ONLY);
  world.birth("p");
  world.startMonitor();
  world.run(1000_000);
  world.stopMonitor();
  world.reboot();
  world.startMonitor();
  world.run(200_000);
  assert.equal(world.told.length, 0);
  world.run(110_000);
  assert.equal(world.told.length, 1);
});

test("rounds that failed before the end of boot_grace are followed by one more before Masakari is notified", () => {
  const world = booting({ ...RESTART, restart_retries: 1 });
  world.startMonitor();
  world.run(290_000);
  assert.deepEqual(stages(world), ["restart_command", "restart_command"]);
  world.behave = () => ({ ms: 10, succeeds: true, appearsAfter: 5 });
  world.run(20_000);
  assert.equal(stages(world).length, 3);
  assert.equal(world.told.length, 0, "it has helped");
});

test("a start job in systemd's queue is left to it, and so is a start; however long, within half an hour of the boot", () => {
  const world = booting({ systemd_unit: "p.service" }, { boot_grace: 0 });
  world.systemd = () => unitIs("inactive", { job: true }, "starting");
  world.startMonitor();
  world.run(1_700_000);
  assert.deepEqual([stages(world), world.told.length], [[], 0]);
  world.run(200_000);
  assert.equal(world.told.length, 1, "a job that never ends hides no failure for ever");
});

test("nothing is notified while systemd is starting the host", () => {
  const world = booting(REPORT_ONLY, { boot_grace: 10 });
  world.systemd = () => ({ system: "starting", unit: undefined });
  world.startMonitor();
  world.run(600_000);
  assert.equal(world.told.length, 0);
  world.systemd = () => ({ system: "degraded", unit: undefined });
  world.run(5000);
  assert.equal(world.told.length, 1);
});

test("at a shutdown nothing is restarted and nothing notified", () => {
  for (const entry of [RESTART, REPORT_ONLY, { restart_command: "restart", systemd_unit: undefined }]) {
    const world = killed(entry, () => unitIs("inactive", {}, "stopping"));
    world.run(3_600_000);
    assert.deepEqual([stages(world), world.told.length], [[], 0]);
    assert.match(world.conditions.get("held processes") ?? "", /being shut down/);
  }
});

test("a shutdown that begins between two rounds ends them", () => {
  let stopping = false;
  const world = killed(RESTART, () => unitIs("failed", {}, stopping ? "stopping" : "running"));
  world.behave = () => ({ ms: 10, succeeds: false });
  world.run(7000);
  const before = stages(world).length;
  stopping = true;
  world.run(600_000);
  assert.ok(before > 0);
  assert.deepEqual([stages(world).length, world.told.length], [before, 0]);
});

test("a restart by systemd that takes a moment is not followed by another one", () => {
  // ExecStartPre=sleep 4, then a script that becomes the program after 3 s.
  let began = 0;
  const world = killed(RESTART, ({ mono }) => {
    began ||= mono;
    if (mono < began + 4000) return unitIs("activating", { job: true });
    return unitIs("active", { mainPid: 200, mainStarted: began + 4000 });
  });
  world.after(8000, () => world.birth("p"));
  world.run(60_000);
  assert.deepEqual([stages(world), world.phaseOf("p")?.name], [[], "up"]);
});

test("after systemd's own work an entry has its time to settle, whatever the unit's type", () => {
  let activeAt = Number.POSITIVE_INFINITY;
  const world = killed(RESTART, ({ mono }) => (mono < activeAt ? unitIs("activating") : unitIs("active")));
  activeAt = world.mono + 5000;
  world.after(5900, () => world.birth("p"));
  world.run(60_000);
  assert.deepEqual(stages(world), []);
});

test("a main process that never becomes the program is restarted 90 s after its start", () => {
  const world = killed(RESTART, ({ mono }) => unitIs("active", { mainPid: 200, mainStarted: Math.min(mono, 2500) }));
  world.run(85_000);
  assert.deepEqual(stages(world), []);
  world.run(10_000);
  assert.deepEqual(stages(world), ["restart_command"]);
});

test("a main process that is older than the death is no reason to wait: the unit runs, its worker is gone", () => {
  const world = killed(RESTART, () => unitIs("active", { mainPid: 50, mainStarted: -3_600_000 }));
  world.run(1100);
  assert.deepEqual(stages(world), ["restart_command"]);
});

test("a service that systemd restarts again and again without success is ours after ten minutes, and notified", () => {
  const world = killed({ ...RESTART, restart_retries: 1 }, (w) => unitIs(w.isAlive("p") ? "active" : "activating"));
  world.behave = () => ({ ms: 10, succeeds: true, appearsAfter: 5, livesFor: 1000 });
  const crash = () => {
    world.birth("p", 1000);
    world.after(10_000, crash);
  };
  world.after(3000, crash);
  world.run(590_000);
  assert.deepEqual(stages(world), []);
  world.run(120_000);
  assert.equal(world.told.length, 1);
});

test("a service that systemd kills after each restart because it does not become ready is notified", () => {
  const world = killed({ ...RESTART, restart_retries: 0 }, (w) =>
    w.isAlive("p") ? unitIs("activating", { job: true }) : unitIs("failed", { result: "timeout" }),
  );
  // TimeoutStartSec=4: the restart command waits for it, and the process is there until then.
  world.behave = () => ({ ms: 4500, succeeds: false, appearsAfter: 100, livesFor: 4000 });
  world.run(60_000);
  assert.deepEqual([stages(world), world.told.length], [["restart_command"], 1]);
});

test("time-outs of the unit that are longer than ten minutes are respected", () => {
  const world = killed(RESTART, () => unitIs("activating", { timeoutsMs: 1_200_000 }));
  world.run(1_190_000);
  assert.deepEqual(stages(world), []);
  world.run(20_000);
  assert.equal(stages(world)[0], "restart_command");
});

test("a systemd that has answered and does not now has ten seconds; one that never did delays nothing", () => {
  const silent = killed(RESTART, () => undefined);
  silent.run(10_000);
  assert.deepEqual(stages(silent), []);
  silent.run(3000);
  assert.deepEqual(stages(silent), ["restart_command"]);

  const world = new ProcessWorld([entryNamed("p", RESTART)]);
  world.systemd = () => undefined;
  world.birth("p");
  world.startMonitor();
  world.run(1000);
  world.kill("p");
  world.run(1100);
  assert.deepEqual(stages(world), ["restart_command"]);
});

test("a unit that nobody named is the one that the process was seen in, or the one that its commands restart", () => {
  const asked: (string | undefined)[] = [];
  const world = new ProcessWorld([
    entryNamed("p", { restart_command: "sudo systemctl restart by-command" }),
    entryNamed("q", { systemd_unit: "given.service" }),
  ]);
  world.systemd = (key, unit) => {
    if (key !== "") asked.push(unit);
    return { system: "running", unit: undefined };
  };
  const process = world.birth("p");
  world.birth("q");
  world.startMonitor();
  world.run(1000);
  world.kill("q");
  world.run(1500);
  world.kill("p");
  world.run(1500);
  const again = { pid: process.pid + 2, startTime: 1 };
  world.observe({ kind: "unitFound", at: world.now(), key: "p", process: again, unit: "seen.service" });
  world.run(10_000);
  const { phase } = world.state.entries.get("p") ?? {};
  assert.equal(phase?.name, "up");
  if (phase?.name === "up") {
    world.observe({ kind: "unitFound", at: world.now(), key: "p", process: phase.process, unit: "seen.service" });
  }
  world.kill("p");
  world.run(1500);
  assert.deepEqual([...new Set(asked)], ["given.service", "by-command.service", "seen.service"]);
});

const STOPPED = { activeExited: 1000, mainExited: 1001 };
const LEFT = { ...RESTART, leave_stopped: true };

test("an operator's systemctl stop is undone, unless the entry says leave_stopped", () => {
  const undone = killed(RESTART, () => unitIs("inactive", STOPPED));
  undone.run(2000);
  assert.deepEqual(stages(undone), ["restart_command"]);
  const left = killed(LEFT, () => unitIs("inactive", STOPPED));
  left.run(86_400_000);
  assert.deepEqual([stages(left), left.told.length], [[], 0]);
  assert.match(left.conditions.get("held processes") ?? "", /p\.service was stopped through systemd/);
  left.birth("p");
  left.run(10_000);
  assert.equal(left.phaseOf("p")?.name, "up");
});

test("systemd forgets the times of a stopped unit that nothing refers to: leave_stopped knows it all the same", () => {
  const world = killed(LEFT, () => unitIs("inactive"));
  world.run(3_600_000);
  assert.deepEqual([stages(world), world.told.length], [[], 0]);
});

test("leave_stopped hides no failure: a process that ended by itself, a unit that failed, one never started", () => {
  const answers = [
    unitIs("inactive", { activeExited: 1001, mainExited: 1000 }),
    unitIs("failed", { ...STOPPED, result: "timeout" }),
    unitIs("failed", { ...STOPPED, result: "signal" }),
  ];
  for (const answer of answers) {
    const world = killed(LEFT, () => answer);
    world.run(2000);
    assert.deepEqual(stages(world), ["restart_command"]);
  }
  const never = booting(LEFT, { boot_grace: 0 });
  never.systemd = () => unitIs("inactive");
  never.startMonitor();
  never.run(60_000);
  assert.equal(never.told.length, 1);
});

test("a stopped unit whose next start fails is a failure", () => {
  let answer = unitIs("inactive", STOPPED);
  const world = killed(LEFT, () => answer);
  world.run(3_600_000);
  answer = unitIs("failed", { ...STOPPED, result: "exit-code" });
  world.run(60_000);
  assert.deepEqual(stages(world), ["restart_command"]);
});
