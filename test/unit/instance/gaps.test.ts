import assert from "node:assert/strict";
import { test } from "node:test";
import type { Look } from "../../../src/instance/observation.ts";
import { restoreState } from "../../../src/instance/saved-state.ts";
import { GUEST, InstanceMind } from "../../support/instance-mind.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";

const off = (reason: string): Partial<Look> => ({ state: "SHUTOFF", reason });
const paused = (reason: string): Partial<Look> => ({ state: "PAUSED", reason });

/** What a guest that ran is found to be after a gap, and what is told. */
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

for (const [what, looks, told] of FOUND) {
  for (const gap of ["of libvirtd", "of the monitor"] as const) {
    test(`after a gap ${gap}: ${what}`, () => {
      const mind = InstanceMind.watching();
      if (gap === "of libvirtd") mind.lose();
      else mind.restart();

      mind.connect(looks);
      mind.lose();
      mind.connect(looks);

      assert.deepEqual(mind.told, told);
    });
  }
}

test("at the very first a guest that is off has not failed under our eyes", () => {
  const mind = new InstanceMind();
  mind.start();
  mind.connect([off("CRASHED"), { uuid: "00000000-0000-4000-8000-000000000002", ...paused("IOERROR") }]);
  assert.deepEqual(mind.told, []);
});

test("one that was defined, started and died in the gap is told", () => {
  const mind = InstanceMind.watching([]);
  mind.lose();
  mind.connect([off("CRASHED")]);
  assert.deepEqual(mind.told, [FAILED]);
});

test("one that was off, was started and died in the gap is told", () => {
  const mind = InstanceMind.watching([off("SHUTDOWN")]);
  mind.lose();
  mind.connect([off("CRASHED")]);
  assert.deepEqual(mind.told, [FAILED]);
});

test("one that was off, and failed to start in the gap, never ran", () => {
  const mind = InstanceMind.watching([off("SHUTDOWN")]);
  mind.lose();
  mind.connect([off("FAILED")]);
  assert.deepEqual(mind.told, []);
});

test("what was told before the gap is not told again after it", () => {
  const mind = InstanceMind.watching();
  mind.life("STOPPED FAILED");
  mind.restart();
  mind.connect([off("CRASHED")]);
  assert.deepEqual(mind.told, [FAILED]);
  assert.deepEqual(mind.undelivered, [FAILED]);
});

test("started again in the gap: what is undelivered is no longer true", () => {
  const mind = InstanceMind.watching();
  mind.life("STOPPED FAILED");
  mind.restart();
  mind.connect([{ id: 2 }]);
  assert.deepEqual(mind.undelivered, []);
});

test("started again in the gap, as the first event after it shows before any look", () => {
  const mind = InstanceMind.watching();
  mind.life("STOPPED FAILED");
  mind.lose();
  mind.connected();
  mind.life("SUSPENDED PAUSED", GUEST, 2);
  mind.snapshot([paused("USER")], 0);
  assert.deepEqual(mind.undelivered, []);
});

test("ended and started again in the gap, told by the domain's new id alone", () => {
  const mind = InstanceMind.watching();
  mind.event({ kind: "ioError", action: "REPORT" });
  mind.lose();
  mind.connect([{ id: 2 }]);
  assert.deepEqual(mind.undelivered, []);
});

test("the same run after the gap: its disk still fails", () => {
  const mind = InstanceMind.watching();
  mind.event({ kind: "ioError", action: "REPORT" });
  mind.lose();
  mind.connect([{}]);
  assert.deepEqual(mind.undelivered, ["IO_ERROR/IO_ERROR_REPORT"]);
});

test("deleted in the gap: nothing is left to recover; but a transient one is always gone when it has failed", () => {
  for (const [transient, undelivered] of [
    [false, []],
    [true, [FAILED]],
  ] as const) {
    const mind = InstanceMind.watching([{ transient }]);
    mind.life("STOPPED FAILED");
    mind.lose();
    mind.connect([]);
    assert.deepEqual(mind.undelivered, undelivered, `transient: ${transient}`);
  }
});

test("another boot of the host: nothing of the earlier one is told, or sent", () => {
  const mind = InstanceMind.watching([{}, { uuid: "00000000-0000-4000-8000-000000000002" }]);
  mind.life("STOPPED FAILED");
  mind.bootId = "boot-2";
  mind.restart();
  mind.connect([off("CRASHED"), { uuid: "00000000-0000-4000-8000-000000000002", ...off("CRASHED") }]);
  assert.deepEqual(mind.told, [FAILED]);
  assert.deepEqual(mind.undelivered, []);
});

for (const gap of ["of libvirtd", "of the monitor"] as const) {
  test(`its end was on its way before a gap ${gap}: what a new libvirtd takes for a crash is none`, () => {
    for (const [words, reason, told] of [
      ["SHUTDOWN GUEST", "CRASHED", "LIFECYCLE/STOPPED_SHUTDOWN"],
      ["SHUTDOWN HOST", "UNKNOWN", "LIFECYCLE/STOPPED_SHUTDOWN"],
      ["SHUTDOWN GUEST", "SHUTDOWN", "LIFECYCLE/STOPPED_SHUTDOWN"],
      ["SHUTDOWN HOST", "DESTROYED", "LIFECYCLE/STOPPED_DESTROYED"],
      ["CRASHED PANICKED", "CRASHED", FAILED],
      ["CRASHED PANICKED", "UNKNOWN", FAILED],
    ] as const) {
      const mind = InstanceMind.watching();
      mind.life(words);
      if (gap === "of libvirtd") mind.lose();
      else mind.restart();
      mind.connect([off(reason)]);
      assert.deepEqual(mind.told, [told], `${words}, then ${reason}`);
    }
  });
}

test("suspended by an error in a gap, and destroyed: both are told", () => {
  const mind = InstanceMind.watching();
  mind.lose();
  mind.connect([paused("IOERROR")]);
  mind.life("STOPPED DESTROYED");
  assert.deepEqual(mind.told, ["LIFECYCLE/SUSPENDED_IOERROR", "LIFECYCLE/STOPPED_DESTROYED"]);
});

test("its wished end was on its way, but it lived again and failed: the late event says so", () => {
  const mind = InstanceMind.watching();
  mind.life("SHUTDOWN GUEST");
  mind.lose();
  mind.connect([off("CRASHED")]);
  mind.life("STOPPED FAILED", GUEST, 2);
  assert.deepEqual(mind.told, ["LIFECYCLE/STOPPED_SHUTDOWN", FAILED]);
});

test("ended transient guests do not pile up where libvirtd is never restarted", () => {
  const mind = InstanceMind.watching([]);
  for (let count = 0; count < 1000; count++) {
    const uuid = `00000000-0000-4000-8000-${String(count).padStart(12, "0")}`;
    mind.life("STARTED BOOTED", uuid, count + 1);
    mind.life("STOPPED FAILED", uuid, count + 1);
  }
  assert.equal(mind.told.length, 1000);
  assert.ok(mind.state.guests.size <= 200, `${mind.state.guests.size} are kept`);
});

test("what is kept of a hundred guests can be used, and nothing else", () => {
  const restored = (rest: unknown, guests: [string, unknown][] = []) =>
    restoreState({ rest, maps: { guests: new Map(guests) } });
  assert.equal(restored(null), undefined);
  assert.equal(restored({ version: 2 }), undefined);
  assert.equal(restored({ version: 1, bootId: "b", complete: true, guests: [{ uuid: 1 }] }), undefined);
  assert.equal(restored({ version: 2, bootId: "b", complete: true }, [["u", { name: 1 }]]), undefined);
  assert.equal(restored({ version: 2, bootId: "b", complete: true })?.bootId, "b");
});
