import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { takeServiceManager } from "../../../src/status/service-manager.ts";
import { DatagramReceiver } from "../../support/datagram-receiver.ts";
import { KeptLog } from "../../support/kept-log.ts";

function socketPath(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "notify-"));
  context.after(() => rmSync(directory, { recursive: true }));
  return join(directory, "notify");
}

test("everything arrives in systemd's words, and no child inherits the socket", (t) => {
  const path = socketPath(t);
  using receiver = new DatagramReceiver(path);
  const environment = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "3000000", WATCHDOG_PID: "42", PATH: "/bin" };
  const manager = takeServiceManager(environment, 42, new KeptLog());

  assert.deepEqual(environment, { PATH: "/bin" });
  assert.equal(manager.watchdogMs, 3000);
  manager.ready();
  manager.status("degraded: one\nline");
  manager.reloading({ wall: 0, mono: 12.345_678 });
  manager.alive();
  manager.stopping();
  assert.deepEqual(receiver.all, [
    "READY=1",
    "STATUS=degraded: one line",
    "RELOADING=1\nMONOTONIC_USEC=12345",
    "WATCHDOG=1",
    "STOPPING=1",
  ]);
});

test("the watchdog of another process is not fed", (t) => {
  const environment = { NOTIFY_SOCKET: socketPath(t), WATCHDOG_USEC: "3000000", WATCHDOG_PID: "41" };
  assert.equal(takeServiceManager(environment, 42, new KeptLog()).watchdogMs, undefined);
});

test("without a service manager nothing is sent, and nothing is fed", () => {
  const log = new KeptLog();
  const manager = takeServiceManager({ WATCHDOG_USEC: "3000000" }, 42, log);
  manager.ready();
  manager.alive();
  assert.equal(manager.watchdogMs, undefined);
  assert.deepEqual(log.lines, []);
});

test("a service manager that is away is logged once, and gets messages again when it is back", (t) => {
  const path = socketPath(t);
  const log = new KeptLog();
  const manager = takeServiceManager({ NOTIFY_SOCKET: path }, 42, log);
  manager.ready();
  manager.status("ok");
  assert.equal(log.lines.length, 1);
  using receiver = new DatagramReceiver(path);
  manager.stopping();
  assert.deepEqual(receiver.all, ["STOPPING=1"]);
});
