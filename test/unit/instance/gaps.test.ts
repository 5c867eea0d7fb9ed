import assert from "node:assert/strict";
import { test } from "node:test";
import type { Look } from "../../../src/instance/observation.ts";
import { restoreState } from "../../../src/instance/saved-state.ts";
import { GUEST, InstanceDecisions } from "../../support/instance-decisions.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";

const off = (reason: string): Partial<Look> => ({ state: "SHUTOFF", reason });
const paused = (reason: string): Partial<Look> => ({ state: "PAUSED", reason });

/** What a guest that ran is found to be after a gap, and what is notified. */
const FOUND: readonly (readonly [string, readonly Partial<Look>[], readonly string[]])[] = [
  ["died", [off("CRASHED")], [FAILED]],
  ["ended by a failure", [off("FAILED")], [FAILED]],
  ["killed by a libvirtd that lost hold of it", [off("DAEMON")], [FAILED]],
  ["shut down", [off("SHUTDOWN")], ["LIFECYCLE/STOPPED_SHUTDOWN"]],
  ["destroyed", [off("DESTROYED")], ["LIFECYCLE/STOPPED_DESTROYED"]],
  ["suspended by an I/O error", [paused("IOERROR")], ["LIFECYCLE/SUSPENDED_IOERROR"]],
  ["suspended by its watchdog", [paused("WATCHDOG")], ["LIFECYCLE/SUSPENDED_WATCHDOG"]],
  ["suspended by its owner", [paused("USER")], []],
  ["migrated away, and still defined", [off("MIGRATED")], []],
  ["saved", [off("SAVED")], []],
  ["reverted to a snapshot", [off("FROM_SNAPSHOT")], []],
  ["off, and libvirtd has forgotten why", [off("UNKNOWN")], []],
  ["gone: deleted, or migrated away", [], []],
  ["running", [{}], []],
  ["running again", [{ id: 7 }], []],
  ["hung in the look", [{ state: undefined }], []],
];

for (const [what, looks, notified] of FOUND) {
  for (const gap of ["of libvirtd", "of the monitor"] as const) {
    test(`after a gap ${gap}: ${what}`, () => {
      const decisions = InstanceDecisions.watching();
      if (gap === "of libvirtd") decisions.lose();
      else decisions.restart();

      decisions.connect(looks);
      decisions.lose();
      decisions.connect(looks);

      assert.deepEqual(decisions.events, notified);
    });
  }
}

test("at the very first a guest that is off has not failed under our eyes", () => {
  const decisions = new InstanceDecisions();
  decisions.start();
  decisions.connect([off("CRASHED"), { uuid: "00000000-0000-4000-8000-000000000002", ...paused("IOERROR") }]);
  assert.deepEqual(decisions.events, []);
});

test("one that was defined, started and died in the gap is notified", () => {
  const decisions = InstanceDecisions.watching([]);
  decisions.lose();
  decisions.connect([off("CRASHED")]);
  assert.deepEqual(decisions.events, [FAILED]);
});

test("one that was off, was started and died in the gap is notified", () => {
  const decisions = InstanceDecisions.watching([off("SHUTDOWN")]);
  decisions.lose();
  decisions.connect([off("CRASHED")]);
  assert.deepEqual(decisions.events, [FAILED]);
});

test("one that was off, and failed to start in the gap, never ran", () => {
  const decisions = InstanceDecisions.watching([off("SHUTDOWN")]);
  decisions.lose();
  decisions.connect([off("FAILED")]);
  assert.deepEqual(decisions.events, []);
});

test("what was notified before the gap is not notified again after it", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("STOPPED FAILED");
  decisions.restart();
  decisions.connect([off("CRASHED")]);
  assert.deepEqual(decisions.events, [FAILED]);
  assert.deepEqual(decisions.undelivered, [FAILED]);
});

test("started again in the gap: what is undelivered is no longer true", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("STOPPED FAILED");
  decisions.restart();
  decisions.connect([{ id: 2 }]);
  assert.deepEqual(decisions.undelivered, []);
});

test("started again in the gap, as the first event after it shows before any look", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("STOPPED FAILED");
  decisions.lose();
  decisions.connected();
  decisions.lifecycle("SUSPENDED PAUSED", GUEST, 2);
  decisions.snapshot([paused("USER")], 0);
  assert.deepEqual(decisions.undelivered, []);
});

test("ended and started again in the gap, known by the domain's new id alone", () => {
  const decisions = InstanceDecisions.watching();
  decisions.event({ kind: "ioError", action: "REPORT" });
  decisions.lose();
  decisions.connect([{ id: 2 }]);
  assert.deepEqual(decisions.undelivered, []);
});

test("the same run after the gap: its disk still fails", () => {
  const decisions = InstanceDecisions.watching();
  decisions.event({ kind: "ioError", action: "REPORT" });
  decisions.lose();
  decisions.connect([{}]);
  assert.deepEqual(decisions.undelivered, ["IO_ERROR/IO_ERROR_REPORT"]);
});

test("deleted in the gap: nothing is left to recover; but a transient one is always gone when it has failed", () => {
  for (const [transient, undelivered] of [
    [false, []],
    [true, [FAILED]],
  ] as const) {
    const decisions = InstanceDecisions.watching([{ transient }]);
    decisions.lifecycle("STOPPED FAILED");
    decisions.lose();
    decisions.connect([]);
    assert.deepEqual(decisions.undelivered, undelivered, `transient: ${transient}`);
  }
});

test("another boot of the host: nothing of the earlier one is notified, or sent", () => {
  const decisions = InstanceDecisions.watching([{}, { uuid: "00000000-0000-4000-8000-000000000002" }]);
  decisions.lifecycle("STOPPED FAILED");
  decisions.bootId = "boot-2";
  decisions.restart();
  decisions.connect([off("CRASHED"), { uuid: "00000000-0000-4000-8000-000000000002", ...off("CRASHED") }]);
  assert.deepEqual(decisions.events, [FAILED]);
  assert.deepEqual(decisions.undelivered, []);
});

for (const gap of ["of libvirtd", "of the monitor"] as const) {
  test(`its end was on its way before a gap ${gap}: what a new libvirtd takes for a crash is none`, () => {
    for (const [words, reason, notified] of [
      ["SHUTDOWN GUEST", "CRASHED", "LIFECYCLE/STOPPED_SHUTDOWN"],
      ["SHUTDOWN HOST", "UNKNOWN", "LIFECYCLE/STOPPED_SHUTDOWN"],
      ["SHUTDOWN GUEST", "SHUTDOWN", "LIFECYCLE/STOPPED_SHUTDOWN"],
      ["SHUTDOWN HOST", "DESTROYED", "LIFECYCLE/STOPPED_DESTROYED"],
      ["CRASHED PANICKED", "CRASHED", FAILED],
      ["CRASHED PANICKED", "UNKNOWN", FAILED],
    ] as const) {
      const decisions = InstanceDecisions.watching();
      decisions.lifecycle(words);
      if (gap === "of libvirtd") decisions.lose();
      else decisions.restart();
      decisions.connect([off(reason)]);
      assert.deepEqual(decisions.events, [notified], `${words}, then ${reason}`);
    }
  });
}

test("suspended by an error in a gap, and destroyed: both are notified", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lose();
  decisions.connect([paused("IOERROR")]);
  decisions.lifecycle("STOPPED DESTROYED");
  assert.deepEqual(decisions.events, ["LIFECYCLE/SUSPENDED_IOERROR", "LIFECYCLE/STOPPED_DESTROYED"]);
});

test("its wished end was on its way, but it lived again and failed: the late event shows that", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("SHUTDOWN GUEST");
  decisions.lose();
  decisions.connect([off("CRASHED")]);
  decisions.lifecycle("STOPPED FAILED", GUEST, 2);
  assert.deepEqual(decisions.events, ["LIFECYCLE/STOPPED_SHUTDOWN", FAILED]);
});

test("ended transient guests do not pile up where libvirtd is never restarted", () => {
  const decisions = InstanceDecisions.watching([]);
  for (let count = 0; count < 1000; count++) {
    const uuid = `00000000-0000-4000-8000-${String(count).padStart(12, "0")}`;
    decisions.lifecycle("STARTED BOOTED", uuid, count + 1);
    decisions.lifecycle("STOPPED FAILED", uuid, count + 1);
  }
  assert.equal(decisions.events.length, 1000);
  assert.ok(decisions.state.guests.size <= 200, `${decisions.state.guests.size} are kept`);
});

test("what is kept of a hundred guests can be used, and nothing else", () => {
  const restored = (rest: unknown, guests: [string, unknown][] = []) =>
    restoreState({ rest, maps: { guests: new Map(guests) } });
  assert.equal(restored(null), undefined);
  assert.equal(restored({ version: 2 }), undefined);
  assert.equal(restored({ version: 1, bootId: "b", complete: true, guests: [{ uuid: 1 }] }), undefined);
  const row = { name: "vm", id: 1, state: "RUNNING", reason: "BOOTED", transient: false, incoming: false, told: null };
  const partly = restored({ version: 2, bootId: "b", complete: true }, [
    ["u", { ...row, name: 1 }],
    ["v", row],
  ]);
  assert.deepEqual([...(partly?.guests.keys() ?? [])], ["v"]);
  assert.equal(partly?.complete, false, "whether the other one ended before it was seen is not known");
  assert.equal(restored({ version: 2, bootId: "b", complete: true }, [["v", row]])?.complete, true);
  assert.equal(restored({ version: 2, bootId: "b", complete: true })?.bootId, "b");
});
