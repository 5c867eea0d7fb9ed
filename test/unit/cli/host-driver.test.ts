import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { HostProgram } from "../../support/host-program.ts";

const LONG = 60_000;
const up = { "compute-1": "online", "compute-2": "online", "compute-3": "online" } as const;

const watching = /Watching 2 hosts of the cluster/;

test("a host that goes down is notified once, and once more when it is back", async (context: TestContext) => {
  const program = await HostProgram.create(context, up);
  const monitor = program.start();
  await monitor.line(watching, LONG);
  program.write({ ...up, "compute-2": "offline" });
  assert.deepEqual(await program.notifications(1), ["compute-2 STOPPED NORMAL"]);
  const { output: list } = await program.command("list");
  assert.match(list, /hostmonitor +host +compute-2 +offline, reported \(NORMAL\) by this monitor/);
  assert.match(list, /hostmonitor +host +compute-3 +online /);
  program.write(up);
  await program.notifications(2);
  await monitor.line(/delivered.*STARTED|STARTED.*delivered/, LONG);
  assert.deepEqual(program.arrived, ["compute-2 STOPPED NORMAL", "compute-2 STARTED NORMAL"]);
  const status = await program.command("status");
  assert.equal(status.code, 0, status.output);
  assert.deepEqual(await monitor.stop(), { code: 0, signal: null });
});

test("a host that dies while the monitor is killed is notified by the next one", async (context: TestContext) => {
  const program = await HostProgram.create(context, up);
  const first = program.start();
  await first.line(watching, LONG);
  await first.stop("SIGKILL");
  program.write({ ...up, "compute-3": "offline" });
  const second = program.start();
  assert.deepEqual(await program.notifications(1), ["compute-3 STOPPED NORMAL"]);
  await second.stop("SIGKILL");
  const third = program.start();
  await third.line(watching, LONG);
  await third.stop();
  assert.equal(program.arrived.length, 1);
});

test("a disarmed monitor reports nothing, shows what it holds, and reports it when it is armed", async (context: TestContext) => {
  const program = await HostProgram.create(context, up);
  const monitor = program.start();
  await monitor.line(watching, LONG);
  assert.match((await program.command("disarm", "--for", "1h", "--reason", "firmware")).output, /disarmed until/);
  await monitor.line(/disarmed.*firmware/, LONG);
  program.write({ ...up, "compute-2": "offline" });
  await monitor.line(/compute-2 is lost but not reported \(disarmed\)/, LONG);
  const status = await program.command("status");
  assert.equal(status.code, 1, status.output);
  assert.match(status.output, /hostmonitor: degraded for .*disarmed until .*firmware/);
  assert.match((await program.command("list")).output, /compute-2 +offline, lost; held by disarmed: /);
  assert.deepEqual(program.arrived, []);
  assert.equal((await program.command("arm")).code, 0);
  assert.deepEqual(await program.notifications(1), ["compute-2 STOPPED NORMAL"]);
});

test("a hosts file that is old makes no host down, and shows in status", async (context: TestContext) => {
  const program = await HostProgram.create(context, up);
  const monitor = program.start();
  await monitor.line(watching, LONG);
  program.write({ ...up, "compute-2": "offline" }, 3_600_000);
  await monitor.line(/hosts file: .*was written at .*lost hosts are not reported/, LONG);
  const status = await program.command("status");
  assert.equal(status.code, 1);
  assert.match(status.output, /was written at/);
  program.write(up);
  await monitor.line(/hosts file: no longer a problem/, LONG);
  await monitor.stop();
  assert.deepEqual(program.arrived, []);
});

test("a second witness that cannot be asked shows in status, and holds nothing; SIGHUP takes names over", async (context: TestContext) => {
  const program = await HostProgram.create(context, up);
  program.configure("compute-1", "second_witness = nova");
  const monitor = program.start();
  await monitor.line(watching, LONG);
  await monitor.line(
    /WARNING .*Nova: no response about compute-\d: .*is Nova registered.*reported without a second witness/,
    LONG,
  );
  assert.match((await program.command("status")).output, /degraded for .*no response about compute-\d/);
  program.configure("compute-1", "second_witness = nova\nhost_names = compute-2=compute-3, compute-3=compute-2");
  monitor.signal("SIGHUP");
  await monitor.line(/SIGHUP: configuration reread/, LONG);
  program.write({ ...up, "compute-2": "offline" });
  assert.deepEqual(await program.notifications(1), ["compute-3 STOPPED NORMAL"]);
});
