import assert from "node:assert/strict";
import { test } from "node:test";
import { unitIs } from "../../../support/process-behaviour.ts";
import { entryNamed } from "../../../support/process-entries.ts";
import { fails, killed, RESTART, stages, underSystemd } from "../../../support/process-scenarios.ts";
import { ProcessWorld } from "../../../support/process-world.ts";

test("a unit that systemd is restarting is left to it; when systemd gives up, ours begins", async () => {
  const world = await underSystemd({ systemd_unit: "p.service" });
  world.systemd = () => unitIs("activating");
  world.kill("p");
  await world.run(30_000);
  assert.deepEqual(stages(world), []);
  world.systemd = () => unitIs("failed", { result: "exit-code" });
  await world.run(2000);
  assert.deepEqual(stages(world), ["restart_command"]);
});

test("a unit that is activating for ever does not hide the death for ever", async () => {
  const world = await underSystemd({ systemd_unit: "p.service" });
  world.systemd = () => unitIs("activating");
  world.behave = () => fails;
  world.kill("p");
  await world.run(650_000);
  assert.equal(world.notified.length, 1);
});

test("a process that comes up while systemd is asked is not restarted", async () => {
  const world = await underSystemd({ systemd_unit: "p.service" });
  world.systemd = () => {
    world.spawn("p");
    return unitIs("active");
  };
  world.kill("p");
  await world.run(10_000);
  assert.deepEqual(stages(world), []);
});

test("a restart by systemd that takes a moment is not followed by another one", async () => {
  // ExecStartPre=sleep 4, then a script that becomes the program after 3 s.
  let began = 0;
  const world = await killed(RESTART, ({ mono }) => {
    began ||= mono;
    if (mono < began + 4000) return unitIs("activating", { job: true });
    return unitIs("active", { mainPid: 200, mainStarted: began + 4000 });
  });
  world.after(8000, () => world.spawn("p"));
  await world.run(60_000);
  assert.deepEqual([stages(world), world.phaseOf("p")?.name], [[], "up"]);
});

test("after systemd's own work an entry has its time to settle, whatever the unit's type", async () => {
  let activeAt = Number.POSITIVE_INFINITY;
  const world = await killed(RESTART, ({ mono }) => (mono < activeAt ? unitIs("activating") : unitIs("active")));
  activeAt = world.mono + 5000;
  world.after(5900, () => world.spawn("p"));
  await world.run(60_000);
  assert.deepEqual(stages(world), []);
});

test("a main process that never becomes the program is restarted 90 s after its start", async () => {
  const world = await killed(RESTART, ({ mono }) =>
    unitIs("active", { mainPid: 200, mainStarted: Math.min(mono, 2500) }),
  );
  await world.run(85_000);
  assert.deepEqual(stages(world), []);
  await world.run(10_000);
  assert.deepEqual(stages(world), ["restart_command"]);
});

test("a main process that is older than the death is no reason to wait: the unit runs, its worker is gone", async () => {
  const world = await killed(RESTART, () => unitIs("active", { mainPid: 50, mainStarted: -3_600_000 }));
  await world.run(1100);
  assert.deepEqual(stages(world), ["restart_command"]);
});

test("a service that systemd restarts again and again without success is ours after ten minutes, and notified", async () => {
  const world = await killed({ ...RESTART, restart_retries: 1 }, (w) =>
    unitIs(w.isRunning("p") ? "active" : "activating"),
  );
  world.behave = () => ({ ms: 10, succeeds: true, appearsAfter: 5, livesFor: 1000 });
  const crash = () => {
    world.spawn("p", 1000);
    world.after(10_000, crash);
  };
  world.after(3000, crash);
  await world.run(590_000);
  assert.deepEqual(stages(world), []);
  await world.run(120_000);
  assert.equal(world.notified.length, 1);
});

test("a service that systemd kills after each restart because it does not become ready is notified", async () => {
  const world = await killed({ ...RESTART, restart_retries: 0 }, (w) =>
    w.isRunning("p") ? unitIs("activating", { job: true }) : unitIs("failed", { result: "timeout" }),
  );
  // TimeoutStartSec=4: the restart command waits for it, and the process is there until then.
  world.behave = () => ({ ms: 4500, succeeds: false, appearsAfter: 100, livesFor: 4000 });
  await world.run(60_000);
  assert.deepEqual([stages(world), world.notified.length], [["restart_command"], 1]);
});

test("time-outs of the unit that are longer than ten minutes are respected", async () => {
  const world = await killed(RESTART, () => unitIs("activating", { timeoutsMs: 1_200_000 }));
  await world.run(1_190_000);
  assert.deepEqual(stages(world), []);
  await world.run(20_000);
  assert.equal(stages(world)[0], "restart_command");
});

test("a systemd that has answered and does not now has ten seconds; one that never did delays nothing", async () => {
  const silent = await killed(RESTART, () => undefined);
  await silent.run(10_000);
  assert.deepEqual(stages(silent), []);
  await silent.run(3000);
  assert.deepEqual(stages(silent), ["restart_command"]);

  const world = new ProcessWorld([entryNamed("p", RESTART)]);
  world.systemd = () => undefined;
  world.spawn("p");
  world.startMonitor();
  await world.run(1000);
  world.kill("p");
  await world.run(1100);
  assert.deepEqual(stages(world), ["restart_command"]);
});

test("where the list names no unit it is the one that the process was seen in, or the one that its commands restart", async () => {
  const asked: (string | undefined)[] = [];
  const world = new ProcessWorld([
    entryNamed("p", { restart_command: "sudo systemctl restart by-command" }),
    entryNamed("q", { systemd_unit: "given.service" }),
  ]);
  world.systemd = (key, unit) => {
    if (key !== "") asked.push(unit);
    return { system: "running", unit: undefined };
  };
  const process = world.spawn("p");
  world.spawn("q");
  world.startMonitor();
  await world.run(1000);
  world.kill("q");
  await world.run(1500);
  world.kill("p");
  await world.run(1500);
  const again = { pid: process.pid + 2, startTime: 1 };
  world.observe({ kind: "unitFound", at: world.now(), key: "p", process: again, unit: "seen.service" });
  await world.run(10_000);
  const { phase } = world.state.entries.get("p") ?? {};
  assert.equal(phase?.name, "up");
  if (phase?.name === "up") {
    world.observe({ kind: "unitFound", at: world.now(), key: "p", process: phase.process, unit: "seen.service" });
  }
  world.kill("p");
  await world.run(1500);
  assert.deepEqual([...new Set(asked)], ["given.service", "by-command.service", "seen.service"]);
});
