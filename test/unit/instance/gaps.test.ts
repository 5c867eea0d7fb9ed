import assert from "node:assert/strict";
import { test } from "node:test";
import type { Look } from "../../../src/instance/observation.ts";
import { restoreState } from "../../../src/instance/state.ts";
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

test("a migration to this host that ended in the gap without having run here", () => {
  const mind = InstanceMind.watching([]);
  mind.life("STARTED MIGRATED", GUEST, 4);
  mind.lose();
  mind.connect([off("FAILED")]);
  assert.deepEqual(mind.told, []);
});

test("arrived by migration in the gap, and ended there: persistent is what libvirt makes of one that runs here", () => {
  const ends: readonly (readonly [string, readonly string[]])[] = [
    ["CRASHED", [FAILED]],
    ["DAEMON", [FAILED]],
    ["DESTROYED", ["LIFECYCLE/STOPPED_DESTROYED"]],
    ["SHUTDOWN", ["LIFECYCLE/STOPPED_SHUTDOWN"]],
    ["UNKNOWN", []],
  ];
  for (const [reason, told] of ends) {
    const mind = InstanceMind.watching([]);
    mind.life("STARTED MIGRATED", GUEST, 4);
    mind.lose();
    mind.connect([off(reason)]);
    assert.deepEqual(mind.told, told, reason);
  }
});

test("was persistent here before its migration to this host, and is found off: perhaps it has not run here", () => {
  for (const reason of ["CRASHED", "DAEMON", "DESTROYED", "FAILED", "UNKNOWN"]) {
    const mind = InstanceMind.watching([off("MIGRATED")]);
    mind.life("STARTED MIGRATED", GUEST, 4);
    mind.look();
    mind.snapshot([off(reason)], mind.heard, true);
    mind.life(reason === "DESTROYED" ? "STOPPED DESTROYED" : "STOPPED FAILED", GUEST, 4);
    assert.deepEqual(mind.told, [], reason);
  }
});

test("a migration to this host that succeeded in the gap: the guest runs here, however it is found", () => {
  const mind = InstanceMind.watching([]);
  mind.life("STARTED MIGRATED", GUEST, 4);
  mind.lose();
  mind.connect([{ ...paused("USER"), id: 4 }]);
  mind.life("STOPPED FAILED", GUEST, 4);
  assert.deepEqual(mind.told, [FAILED]);
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

test("what an earlier run left is sent when the guests were looked at, and what is untrue of it is taken back before", () => {
  const mind = InstanceMind.watching();
  mind.life("STOPPED FAILED");
  mind.restart();
  mind.effects.length = 0;
  const caughtUp = (): boolean => mind.effects.some(({ kind }) => kind === "caughtUp");
  mind.connected();
  assert.equal(caughtUp(), false);
  mind.snapshot([{ id: 2 }]);
  assert.equal(caughtUp(), true);
  assert.deepEqual(mind.undelivered, []);
});

test("a panicked guest that is preserved, found after the gap", () => {
  const mind = InstanceMind.watching();
  mind.lose();
  mind.connect([{ state: "CRASHED", reason: "PANICKED" }]);
  assert.deepEqual(
    mind.effects.filter(({ kind }) => kind === "askOnCrash"),
    [{ kind: "askOnCrash", uuid: GUEST }],
  );
  mind.onCrash("preserve");
  assert.deepEqual(mind.told, [FAILED]);
});

for (const gap of ["of libvirtd", "of the monitor"] as const) {
  const crashed = { state: "CRASHED", reason: "PANICKED" };

  test(`a panic in a gap ${gap}, which libvirtd leaves as it is whatever on_crash says: told at the next look, once`, () => {
    for (const action of ["destroy", "restart", "coredump-destroy", "coredump-restart"]) {
      for (const heard of [true, false]) {
        const mind = InstanceMind.watching();
        if (heard) mind.life("CRASHED PANICKED");
        if (gap === "of libvirtd") mind.lose();
        else mind.restart();
        mind.connect([crashed]);
        mind.onCrash(action);
        // It may still be at it.
        assert.deepEqual(mind.told, [], action);
        for (let looks = 0; looks < 2; looks++) {
          mind.look();
          mind.snapshot([crashed], mind.heard, true);
        }
        mind.lose();
        mind.connect([crashed]);
        mind.look();
        mind.snapshot([crashed], mind.heard, true);
        assert.deepEqual(mind.told, [FAILED], action);
      }
    }
  });

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

test("a panic that libvirtd has told of, and is at for long, is not told before it is through", () => {
  const mind = InstanceMind.watching();
  mind.life("CRASHED PANICKED");
  for (let looks = 0; looks < 3; looks++) {
    mind.look();
    mind.snapshot([{ state: "CRASHED", reason: "PANICKED" }], mind.heard, true);
    mind.onCrash("coredump-restart");
  }
  mind.event({ kind: "reboot" });
  assert.deepEqual(mind.told, ["REBOOT/UNKNOWN"]);
});

test("notify_guest_panic = false: nor is a panic in a gap told", () => {
  for (const looks of [[{ state: "CRASHED", reason: "PANICKED" }], [off("CRASHED")], [off("UNKNOWN")]]) {
    const mind = InstanceMind.watching([{}], { notify_guest_panic: false });
    mind.life("CRASHED PANICKED");
    mind.lose();
    mind.connect(looks);
    mind.look();
    mind.snapshot(looks, mind.heard, true);
    assert.deepEqual(mind.told, []);
  }
});

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

test("the event that comes after the look that has told of it is not told", () => {
  const mind = InstanceMind.watching();
  mind.lose();
  mind.connect([off("CRASHED")]);
  mind.life("STOPPED FAILED");
  assert.deepEqual(mind.told, [FAILED]);
});

test("the event that comes while looking is told, and the look not", () => {
  for (const look of [off("CRASHED"), {}]) {
    const mind = InstanceMind.watching();
    mind.lose();
    mind.connected();
    const asked = mind.heard;
    mind.life("STOPPED FAILED");
    mind.snapshot([look], asked);
    assert.deepEqual(mind.undelivered, [FAILED], `the look found ${look.state ?? "RUNNING"}`);
    assert.equal(mind.told.length, 1);
    assert.equal(mind.state.guests.get(GUEST)?.state, "SHUTOFF");
  }
});

test("started while looking: that it is found dead is of before", () => {
  const mind = InstanceMind.watching();
  mind.lose();
  mind.connected();
  const asked = mind.heard;
  mind.life("STARTED BOOTED", GUEST, 2);
  mind.snapshot([off("CRASHED")], asked);
  assert.deepEqual(mind.told, []);
});

test("a transient one that ends while looking is not taken for running by the look", () => {
  const mind = InstanceMind.watching([{ transient: true }]);
  mind.lose();
  mind.connected();
  const asked = mind.heard;
  mind.life("STOPPED FAILED");
  mind.snapshot([{ transient: true }], asked);
  assert.deepEqual(mind.undelivered, [FAILED]);
  mind.connect([]);
  assert.deepEqual(mind.undelivered, [FAILED]);
  assert.equal(mind.state.guests.size, 0);
});

test("defined and started while all is looked at for the first time: persistent, and told once", () => {
  const mind = new InstanceMind();
  mind.start();
  mind.connected();
  mind.life("DEFINED ADDED", GUEST, -1);
  mind.snapshot([], 0);
  mind.life("STARTED BOOTED");
  mind.life("STOPPED FAILED");
  mind.lose();
  mind.connect([off("CRASHED")]);
  assert.deepEqual(mind.told, [FAILED]);
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

test("defined and started while looking, it is not in the list, and stays", () => {
  const mind = InstanceMind.watching([]);
  mind.lose();
  mind.connected();
  const asked = mind.heard;
  mind.life("DEFINED ADDED", GUEST, -1);
  mind.life("STARTED BOOTED", GUEST, 1);
  mind.snapshot([], asked);
  assert.equal(mind.state.guests.get(GUEST)?.state, "RUNNING");
});

test("the connection is lost while looking: the next one compares with what was before", () => {
  const mind = InstanceMind.watching();
  mind.lose();
  mind.connected();
  mind.lose();
  mind.connect([off("CRASHED")]);
  assert.deepEqual(mind.told, [FAILED]);
});

test("what is kept of a hundred guests can be used, and nothing else", () => {
  assert.equal(restoreState(null), undefined);
  assert.equal(restoreState({ version: 2 }), undefined);
  assert.equal(restoreState({ version: 1, bootId: "b", complete: true, guests: [{ uuid: 1 }] }), undefined);
});

test("a panic that is preserved and told, and killed in the gap, is one failure", () => {
  const mind = InstanceMind.watching();
  mind.life("CRASHED PANICKED");
  mind.onCrash("preserve");
  mind.restart();
  mind.connect([off("CRASHED")]);
  assert.deepEqual(mind.told, [FAILED]);
});

test("undefined while looking: it is not known any more, whatever the look has found", () => {
  const mind = InstanceMind.watching([off("SHUTDOWN")]);
  mind.lose();
  mind.connected();
  const asked = mind.heard;
  mind.life("UNDEFINED REMOVED", GUEST, -1);
  mind.snapshot([off("SHUTDOWN")], asked);
  assert.equal(mind.state.guests.size, 0);
});

test("started in the gap and destroyed while looking: the failure before that is over", () => {
  const mind = InstanceMind.watching();
  mind.life("STOPPED FAILED");
  mind.lose();
  mind.connected();
  const asked = mind.heard;
  mind.life("STOPPED DESTROYED", GUEST, 2);
  mind.snapshot([off("DESTROYED")], asked);
  assert.deepEqual(mind.undelivered, ["LIFECYCLE/STOPPED_DESTROYED"]);
});

test("at the very first, one that crashed long ago and is defined anew while looking is not told", () => {
  const mind = new InstanceMind();
  mind.start();
  mind.connected();
  const asked = mind.heard;
  mind.life("DEFINED UPDATED", GUEST, -1);
  mind.snapshot([off("CRASHED")], asked);
  assert.deepEqual(mind.told, []);
});

test("looked at again on the same connection: a death without an event is told, and its late event is not", () => {
  const mind = InstanceMind.watching();
  mind.look();
  mind.snapshot([off("CRASHED")]);
  mind.look();
  mind.snapshot([off("CRASHED")]);
  mind.life("STOPPED FAILED");
  assert.deepEqual(mind.told, [FAILED]);
});

test("looked at again: a migration to this host that has failed is not told, nor is its late event", () => {
  for (const looks of [[], [off("FAILED")]]) {
    const mind = InstanceMind.watching([]);
    mind.life("STARTED MIGRATED", GUEST, 4);
    mind.look();
    mind.snapshot(looks);
    mind.life("STOPPED FAILED", GUEST, 4);
    assert.deepEqual(mind.told, []);
  }
});

test("a panic that stays untold is asked about at each look, and said once", () => {
  const mind = InstanceMind.watching();
  mind.life("CRASHED PANICKED");
  for (let count = 0; count < 3; count++) {
    mind.look();
    mind.snapshot([{ state: "CRASHED", reason: "PANICKED" }]);
  }
  assert.equal(mind.effects.filter(({ kind }) => kind === "askOnCrash").length, 4);
  assert.equal(mind.effects.filter((one) => one.kind === "say" && one.level === "warning").length, 1);
});

test("ran when this connection began, and is off without a reason: libvirtd has failed to take it over", () => {
  const mind = InstanceMind.watching();
  mind.look();
  mind.snapshot([off("UNKNOWN")], mind.heard, true);
  assert.deepEqual(mind.told, [FAILED]);
});
