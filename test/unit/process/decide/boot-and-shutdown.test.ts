import assert from "node:assert/strict";
import { test } from "node:test";
import { unitIs } from "../../../support/process-behaviour.ts";
import { booting, killed, REPORT_ONLY, RESTART, stages } from "../../../support/process-scenarios.ts";

test("what was never up since the boot is not notified before boot_grace, and then without delay", async () => {
  const world = booting(REPORT_ONLY);
  world.startMonitor();
  await world.run(299_000);
  assert.equal(world.notified.length, 0);
  assert.match(world.conditions.get("postponed processes") ?? "", /^p: not seen running since the boot/);
  await world.run(2000);
  assert.equal(world.notified.length, 1);
  assert.equal(world.conditions.get("postponed processes"), undefined);
});

test("boot_grace counts from the boot, not from the monitor's start, and boot_grace 0 is none", async () => {
  const late = booting(REPORT_ONLY);
  await late.run(1_000_000);
  late.startMonitor();
  await late.run(1500);
  assert.equal(late.notified.length, 1);
  const none = booting(REPORT_ONLY, { boot_grace: 0 });
  none.startMonitor();
  await none.run(1500);
  assert.equal(none.notified.length, 1);
});

test("what has been up since the boot is notified at once when it dies, also after a restart of the monitor", async () => {
  const world = booting(REPORT_ONLY);
  world.startMonitor();
  await world.run(5000);
  world.spawn("p");
  await world.run(10_000);
  world.stopMonitor();
  world.kill("p");
  world.startMonitor();
  await world.run(1500);
  assert.equal(world.notified.length, 1);
});

test("another boot has its own grace", async () => {
  const world = booting(REPORT_ONLY);
  world.spawn("p");
  world.startMonitor();
  await world.run(1000_000);
  world.stopMonitor();
  world.reboot();
  world.startMonitor();
  await world.run(200_000);
  assert.equal(world.notified.length, 0);
  await world.run(110_000);
  assert.equal(world.notified.length, 1);
});

test("rounds that failed before the end of boot_grace are followed by one more before Masakari is notified", async () => {
  const world = booting({ ...RESTART, restart_retries: 1 });
  world.startMonitor();
  await world.run(290_000);
  assert.deepEqual(stages(world), ["restart_command", "restart_command"]);
  world.behave = () => ({ ms: 10, succeeds: true, appearsAfter: 5 });
  await world.run(20_000);
  assert.equal(stages(world).length, 3);
  assert.equal(world.notified.length, 0, "it has helped");
});

test("a start job in systemd's queue is left to it, and so is a start; however long, within half an hour of the boot", async () => {
  const world = booting({ systemd_unit: "p.service" }, { boot_grace: 0 });
  world.systemd = () => unitIs("inactive", { job: true }, "starting");
  world.startMonitor();
  await world.run(1_700_000);
  assert.deepEqual([stages(world), world.notified.length], [[], 0]);
  await world.run(200_000);
  assert.equal(world.notified.length, 1, "a job that never ends hides no failure for ever");
});

test("nothing is notified while systemd is starting the host", async () => {
  const world = booting(REPORT_ONLY, { boot_grace: 10 });
  world.systemd = () => ({ system: "starting", unit: undefined });
  world.startMonitor();
  await world.run(600_000);
  assert.equal(world.notified.length, 0);
  world.systemd = () => ({ system: "degraded", unit: undefined });
  await world.run(5000);
  assert.equal(world.notified.length, 1);
});

test("at a shutdown nothing is restarted and nothing notified", async () => {
  for (const entry of [RESTART, REPORT_ONLY, { restart_command: "restart", systemd_unit: undefined }]) {
    const world = await killed(entry, () => unitIs("inactive", {}, "stopping"));
    await world.run(3_600_000);
    assert.deepEqual([stages(world), world.notified.length], [[], 0]);
    assert.match(world.conditions.get("postponed processes") ?? "", /being shut down/);
  }
});

test("a shutdown that begins between two rounds ends them", async () => {
  let stopping = false;
  const world = await killed(RESTART, () => unitIs("failed", {}, stopping ? "stopping" : "running"));
  world.behave = () => ({ ms: 10, succeeds: false });
  await world.run(7000);
  const before = stages(world).length;
  stopping = true;
  await world.run(600_000);
  assert.ok(before > 0);
  assert.deepEqual([stages(world).length, world.notified.length], [before, 0]);
});
