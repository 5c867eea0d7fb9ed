import assert from "node:assert/strict";
import { test } from "node:test";
import type { Look } from "../../../src/instance/observation.ts";
import { GUEST, InstanceMind } from "../../support/instance-mind.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";
const off: Partial<Look> = { state: "SHUTOFF", reason: "UNKNOWN" };

/** A guest that ran, and that a new libvirtd finds off without knowing why. */
function found(looks: readonly Partial<Look>[] = [off], before: Partial<Look> = {}): InstanceMind {
  const mind = InstanceMind.watching([before]);
  mind.logsAnswered = true;
  mind.lose();
  mind.connect(looks);
  return mind;
}

const SHUTDOWN = "LIFECYCLE/STOPPED_SHUTDOWN";
const DESTROYED = "LIFECYCLE/STOPPED_DESTROYED";

// What libvirt says; the log's reason, and when QEMU was sent a signal; what is told.
for (const [libvirts, reason, signal, told] of [
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
  test(`found off, ${libvirts}, and its log says ${reason}, signalled ${signal ?? "never"}`, () => {
    const look = { state: "SHUTOFF", reason: libvirts };
    const mind = found([look]);
    assert.deepEqual(mind.told, [], "nothing before the log is read");
    assert.deepEqual(mind.logsAsked, [GUEST]);
    mind.loggedEnd(reason, signal);
    assert.deepEqual(mind.told, told);
    mind.loggedEnd("crashed");
    mind.look();
    mind.snapshot([look], mind.heard, true);
    mind.restart();
    mind.connect([off]);
    assert.deepEqual(mind.told, told, "and no more of it");
    assert.deepEqual(mind.logsAsked, [GUEST]);
    assert.deepEqual(mind.undelivered, told);
  });
}

test("without its log, what a new libvirtd takes for a crash counts as one, also after another restart of libvirtd", () => {
  const mind = found([{ state: "SHUTOFF", reason: "CRASHED" }]);
  mind.restart();
  mind.connect([off]);
  mind.noLoggedEnd("ENOENT");
  assert.deepEqual(mind.told, [FAILED]);
});

test("a log that cannot be read is said with the reason, and nothing is notified", () => {
  const mind = found();
  mind.noLoggedEnd("/var/log/libvirt/qemu/x.log cannot be read (EACCES)");
  assert.deepEqual(mind.told, []);
  const said = mind.effects.flatMap((effect) =>
    effect.kind === "log" && effect.level === "warning" ? [effect.text] : [],
  );
  assert.match(said.join("\n"), /does not know why .*\(EACCES\)\): not notified, since somebody may have/);
});

test("killed before its log was read: the next run asks again", () => {
  const mind = found();
  mind.restart();
  mind.connect([off]);
  assert.deepEqual(mind.logsAsked, [GUEST, GUEST]);
  mind.loggedEnd("crashed");
  assert.deepEqual(mind.told, [FAILED]);
});

test("started again before its log was read: what the log says is no longer true", () => {
  const mind = found();
  mind.life("STARTED BOOTED", GUEST, 2);
  mind.loggedEnd("crashed");
  assert.deepEqual(mind.told, []);
  mind.life("STOPPED FAILED", GUEST, 2);
  assert.deepEqual(mind.told, [FAILED]);
});

test("an end that was on its way, and a panic, need no log; nor does one that was off before, or is new", () => {
  for (const words of ["SHUTDOWN GUEST", "CRASHED PANICKED"]) {
    const mind = InstanceMind.watching();
    mind.life(words);
    mind.lose();
    mind.connect([off]);
    assert.deepEqual(mind.logsAsked, [], words);
  }
  assert.deepEqual(found([off], { state: "SHUTOFF", reason: "SHUTDOWN" }).logsAsked, []);
  const mind = InstanceMind.watching([]);
  mind.lose();
  mind.connect([off]);
  assert.deepEqual(mind.logsAsked, []);
});

test("a transient guest that libvirt has forgotten: its log says whether it has crashed, and its event still tells once", () => {
  for (const eventFirst of [true, false]) {
    const mind = InstanceMind.watching([{ transient: true }]);
    mind.logsAnswered = true;
    mind.look();
    mind.snapshot([], mind.heard, true);
    assert.deepEqual(mind.logsAsked, [GUEST]);
    if (eventFirst) mind.life("STOPPED FAILED");
    mind.loggedEnd("crashed");
    if (!eventFirst) mind.life("STOPPED FAILED");
    assert.deepEqual(mind.told, [FAILED]);
    mind.look();
    mind.snapshot([], mind.heard, true);
    assert.equal(mind.state.guests.size, 0);
    assert.deepEqual(mind.undelivered, [FAILED]);
  }
  const moved = InstanceMind.watching([{ transient: true }]);
  moved.logsAnswered = true;
  moved.connect([]);
  moved.loggedEnd("migrated");
  assert.deepEqual(moved.told, []);
});
