import assert from "node:assert/strict";
import { test } from "node:test";
import { OutageLog } from "../../../src/libvirt/outage-log.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

function scene() {
  const clock = new VirtualClock();
  const log = new KeptLog();
  return { clock, log, outage: new OutageLog({ clock, log, consequence: "Nothing is detected" }) };
}

test("a restart of libvirtd is two lines, whatever reasons it goes through", async () => {
  const { clock, log, outage } = scene();
  outage.onConnected();
  outage.onFailure("the connection was closed");
  for (const reason of ["no such socket", "connection refused", "not yet"]) {
    await clock.advance(1000);
    outage.onFailure(reason);
  }
  await clock.advance(500);
  outage.onConnected();
  assert.deepEqual(log.lines, [
    "error Lost connection to libvirt: the connection was closed; retrying. Nothing is detected",
    "info Connected to libvirt again after 3.5 s",
  ]);
});

test("during an outage each new reason is logged, and none twice", async () => {
  const { clock, log, outage } = scene();
  outage.onFailure("the connection was closed");
  for (let tries = 0; tries < 100; tries += 1) {
    await clock.advance(10_000);
    outage.onFailure(tries % 2 === 0 ? "connection refused" : "the connection was closed");
  }
  assert.deepEqual(log.lines.slice(1), [
    "error Still no connection to libvirt after 10 s, for another reason: connection refused; retrying",
  ]);
  outage.onConnected();
  assert.equal(log.lines.at(-1), "info Connected to libvirt again after 1000 s");
});

test("reasons that are never the same twice do not fill the log", async () => {
  const { clock, log, outage } = scene();
  for (let tries = 0; tries < 1000; tries += 1) {
    outage.onFailure(`no response to serial ${tries}`);
    await clock.advance(10_000);
  }
  assert.ok(log.lines.length <= 10, `${log.lines.length} lines`);
});

test("a first attempt to connect that fails is no lost connection", () => {
  const { log, outage } = scene();
  outage.onFailure("connection refused");
  assert.deepEqual(log.lines, ["error Cannot connect to libvirt: connection refused; retrying. Nothing is detected"]);
});

test("a first connection is not logged, and each outage is", () => {
  const { log, outage } = scene();
  outage.onConnected();
  assert.deepEqual(log.lines, []);
  for (let times = 0; times < 2; times += 1) {
    outage.onFailure("the connection was closed");
    outage.onConnected();
  }
  assert.equal(log.lines.length, 4);
  assert.equal(log.lines[1], "info Connected to libvirt again after 0 ms");
});
