import assert from "node:assert/strict";
import { test } from "node:test";
import type { Look } from "../../../src/instance/observation.ts";
import { GUEST, InstanceDecisions } from "../../support/instance-decisions.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";
const off: Partial<Look> = { state: "SHUTOFF", reason: "UNKNOWN" };

/** A guest that ran, and that a new libvirtd finds off without knowing why. */
function found(looks: readonly Partial<Look>[] = [off], before: Partial<Look> = {}): InstanceDecisions {
  const decisions = InstanceDecisions.watching([before]);
  decisions.readsLogs = true;
  decisions.lose();
  decisions.connect(looks);
  return decisions;
}

const SHUTDOWN = "LIFECYCLE/STOPPED_SHUTDOWN";
const DESTROYED = "LIFECYCLE/STOPPED_DESTROYED";

// What libvirt reports; the log's reason, and when QEMU was sent a signal; what is notified.
for (const [libvirts, reason, signal, notified] of [
  ["UNKNOWN", "crashed", undefined, [FAILED]],
  ["UNKNOWN", "daemon", "before", [FAILED]],
  ["UNKNOWN", "destroyed", "before", [DESTROYED]],
  ["UNKNOWN", "shutdown", undefined, [SHUTDOWN]],
  ["UNKNOWN", "shutdown", "before", [SHUTDOWN]],
  // A panic, or virsh dump --crash: libvirtd has killed it.
  ["UNKNOWN", "crashed", "after", []],
  ["UNKNOWN", "migrated", undefined, []],
  ["UNKNOWN", "saved", "before", []],
  ["UNKNOWN", "failed", undefined, []],
  ["UNKNOWN", "from snapshot", undefined, []],
  ["UNKNOWN", "unknown", undefined, []],
  ["UNKNOWN", "of another release", undefined, []],
  // A libvirtd that finds QEMU gone takes it for a crash.
  ["CRASHED", "crashed", undefined, [FAILED]],
  ["CRASHED", "crashed", "after", [FAILED]],
  ["CRASHED", "crashed", "before", [SHUTDOWN]],
  ["CRASHED", "destroyed", "before", [DESTROYED]],
  ["CRASHED", "shutdown", "before", [SHUTDOWN]],
  ["CRASHED", "migrated", "before", []],
] as const) {
  test(`found off, ${libvirts}, and its log has ${reason}, signalled ${signal ?? "never"}`, () => {
    const look = { state: "SHUTOFF", reason: libvirts };
    const decisions = found([look]);
    assert.deepEqual(decisions.events, [], "nothing before the log is read");
    assert.deepEqual(decisions.logsAsked, [GUEST]);
    decisions.loggedEnd(reason, signal);
    assert.deepEqual(decisions.events, notified);
    decisions.loggedEnd("crashed");
    decisions.look();
    decisions.snapshot([look], decisions.eventCount, true);
    decisions.restart();
    decisions.connect([off]);
    assert.deepEqual(decisions.events, notified, "and no more of it");
    assert.deepEqual(decisions.logsAsked, [GUEST]);
    assert.deepEqual(decisions.undelivered, notified);
  });
}

test("without its log, what a new libvirtd takes for a crash counts as one, also after another restart of libvirtd", () => {
  const decisions = found([{ state: "SHUTOFF", reason: "CRASHED" }]);
  decisions.restart();
  decisions.connect([off]);
  decisions.noLoggedEnd("ENOENT");
  assert.deepEqual(decisions.events, [FAILED]);
});

test("a log that cannot be read is reported with the reason, and nothing is notified", () => {
  const decisions = found();
  decisions.noLoggedEnd("/var/log/libvirt/qemu/x.log cannot be read (EACCES)");
  assert.deepEqual(decisions.events, []);
  const lines = decisions.effects.flatMap((effect) =>
    effect.kind === "log" && effect.level === "warning" ? [effect.text] : [],
  );
  assert.match(
    lines.join("\n"),
    /does not know why .*\(EACCES\)\): Masakari is not notified, because somebody may have/,
  );
});

test("killed before its log was read: the next run asks again", () => {
  const decisions = found();
  decisions.restart();
  decisions.connect([off]);
  assert.deepEqual(decisions.logsAsked, [GUEST, GUEST]);
  decisions.loggedEnd("crashed");
  assert.deepEqual(decisions.events, [FAILED]);
});

test("started again before its log was read: what the log has is no longer true", () => {
  const decisions = found();
  decisions.lifecycle("STARTED BOOTED", GUEST, 2);
  decisions.loggedEnd("crashed");
  assert.deepEqual(decisions.events, []);
  decisions.lifecycle("STOPPED FAILED", GUEST, 2);
  assert.deepEqual(decisions.events, [FAILED]);
});

test("an end that was on its way, and a panic, need no log; nor does one that was off before, or is new", () => {
  for (const words of ["SHUTDOWN GUEST", "CRASHED PANICKED"]) {
    const decisions = InstanceDecisions.watching();
    decisions.lifecycle(words);
    decisions.lose();
    decisions.connect([off]);
    assert.deepEqual(decisions.logsAsked, [], words);
  }
  assert.deepEqual(found([off], { state: "SHUTOFF", reason: "SHUTDOWN" }).logsAsked, []);
  const decisions = InstanceDecisions.watching([]);
  decisions.lose();
  decisions.connect([off]);
  assert.deepEqual(decisions.logsAsked, []);
});

test("a transient guest that libvirt has forgotten: its log shows whether it has crashed, and its event notifies it no second time", () => {
  for (const eventFirst of [true, false]) {
    const decisions = InstanceDecisions.watching([{ transient: true }]);
    decisions.readsLogs = true;
    decisions.look();
    decisions.snapshot([], decisions.eventCount, true);
    assert.deepEqual(decisions.logsAsked, [GUEST]);
    if (eventFirst) decisions.lifecycle("STOPPED FAILED");
    decisions.loggedEnd("crashed");
    if (!eventFirst) decisions.lifecycle("STOPPED FAILED");
    assert.deepEqual(decisions.events, [FAILED]);
    decisions.look();
    decisions.snapshot([], decisions.eventCount, true);
    assert.equal(decisions.state.guests.size, 0);
    assert.deepEqual(decisions.undelivered, [FAILED]);
  }
  const moved = InstanceDecisions.watching([{ transient: true }]);
  moved.readsLogs = true;
  moved.connect([]);
  moved.loggedEnd("migrated");
  assert.deepEqual(moved.events, []);
});

test("a transient guest whose log was not read before the monitor ended: it is read when the next run does not find the guest", () => {
  const decisions = InstanceDecisions.watching([{ transient: true }]);
  decisions.readsLogs = true;
  decisions.look();
  decisions.snapshot([], decisions.eventCount, true);
  decisions.restart();
  decisions.connect([]);
  assert.deepEqual(decisions.logsAsked, [GUEST, GUEST]);
  decisions.loggedEnd("crashed");
  assert.deepEqual(decisions.events, [FAILED]);
  decisions.look();
  decisions.snapshot([], decisions.eventCount, true);
  assert.deepEqual([decisions.logsAsked.length, decisions.state.guests.size], [2, 0]);
  assert.deepEqual(decisions.undelivered, [FAILED]);
});
