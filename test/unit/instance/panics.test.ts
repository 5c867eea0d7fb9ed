import assert from "node:assert/strict";
import { test } from "node:test";
import type { Look } from "../../../src/instance/observation.ts";
import { GUEST, InstanceDecisions } from "../../support/instance-decisions.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";

const off = (reason: string): Partial<Look> => ({ state: "SHUTOFF", reason });

test("a panic is notified when the guest has ended, and only then", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("CRASHED PANICKED");
  decisions.onCrash("destroy");
  assert.deepEqual(decisions.events, []);
  decisions.lifecycle("STOPPED CRASHED");
  assert.deepEqual(decisions.events, [FAILED]);
});

/** libvirtd takes QEMU's panic in a worker and its stop in the event loop: now and then it emits the stop first. */
const PANICS: readonly (readonly string[])[] = [
  ["CRASHED PANICKED"],
  ["SUSPENDED PAUSED", "CRASHED PANICKED"],
  ["CRASHED PANICKED", "SUSPENDED PAUSED"],
];

for (const panic of PANICS) {
  test(`${panic.join(", ")}: one failure, whatever on_crash makes of it`, () => {
    const notified: Record<string, readonly string[]> = {};
    for (const action of ["destroy", "coredump-destroy", "preserve", "restart", "coredump-restart"]) {
      const decisions = InstanceDecisions.watching();
      for (const words of panic) decisions.lifecycle(words);
      decisions.onCrash(action);
      if (action.endsWith("destroy")) decisions.lifecycle("STOPPED CRASHED");
      // As libvirtd 9.0 emits it.
      if (action.endsWith("restart")) {
        decisions.event({ kind: "reboot" });
        decisions.lifecycle("RESUMED UNPAUSED");
        decisions.event({ kind: "reboot" });
        assert.equal(decisions.state.guests.get(GUEST)?.state, "RUNNING");
      }
      notified[action] = decisions.events;
    }
    assert.deepEqual(notified, {
      destroy: [FAILED],
      "coredump-destroy": [FAILED],
      preserve: [FAILED],
      restart: ["REBOOT/UNKNOWN"],
      "coredump-restart": ["REBOOT/UNKNOWN"],
    });
  });
}

test("virsh dump --crash ends a guest as a panic does, but is somebody's wish", () => {
  const decisions = InstanceDecisions.watching();
  // libvirtd 9.0's events.
  decisions.lifecycle("SUSPENDED PAUSED");
  decisions.lifecycle("STOPPED CRASHED");
  assert.deepEqual(decisions.events, []);
});

test("a guest that ends crashed while all is looked at: its panic may have been missed", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lose();
  decisions.connected();
  decisions.lifecycle("STOPPED CRASHED");
  decisions.snapshot([{ state: "SHUTOFF", reason: "CRASHED" }], 0);
  assert.deepEqual(decisions.events, [FAILED]);
});

test("a panic that was preserved, and is ended: that is notified too", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("CRASHED PANICKED");
  decisions.onCrash("preserve");
  decisions.lifecycle("STOPPED DESTROYED");
  assert.deepEqual(decisions.events, [FAILED, "LIFECYCLE/STOPPED_DESTROYED"]);
});

test("after a panic that was preserved and resumed, a pause is a pause", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("CRASHED PANICKED");
  decisions.lifecycle("RESUMED UNPAUSED");
  decisions.lifecycle("SUSPENDED PAUSED");
  decisions.onCrash("preserve");
  assert.deepEqual(decisions.events, []);
});

test("a panic that on_crash=restart makes good is not a failure", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("CRASHED PANICKED");
  decisions.onCrash("restart");
  decisions.event({ kind: "reboot" });
  assert.deepEqual(decisions.events, ["REBOOT/UNKNOWN"]);
  assert.equal(decisions.state.guests.get(GUEST)?.state, "RUNNING");
});

test("a preserved panic is notified once, also when somebody kills what is left", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("CRASHED PANICKED");
  decisions.onCrash("preserve");
  decisions.restart();
  decisions.connect([{ state: "CRASHED", reason: "PANICKED" }]);
  decisions.onCrash("preserve");
  decisions.lifecycle("STOPPED FAILED");
  assert.deepEqual(decisions.events, [FAILED]);
});

test("notify_guest_panic = false is upstream's silence", () => {
  const decisions = InstanceDecisions.watching([{}], { notify_guest_panic: false });
  decisions.lifecycle("CRASHED PANICKED");
  decisions.onCrash("preserve");
  decisions.lifecycle("STOPPED CRASHED");
  assert.deepEqual(decisions.events, []);
});

test("a panicked guest that is preserved, found after the gap", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lose();
  decisions.connect([{ state: "CRASHED", reason: "PANICKED" }]);
  assert.deepEqual(
    decisions.effects.filter(({ kind }) => kind === "askOnCrash"),
    [{ kind: "askOnCrash", uuid: GUEST }],
  );
  decisions.onCrash("preserve");
  assert.deepEqual(decisions.events, [FAILED]);
});

for (const gap of ["of libvirtd", "of the monitor"] as const) {
  const crashed = { state: "CRASHED", reason: "PANICKED" };

  test(`a panic in a gap ${gap}, which libvirtd leaves as it is whatever on_crash is: notified at the next look, once`, () => {
    for (const action of ["destroy", "restart", "coredump-destroy", "coredump-restart"]) {
      for (const heard of [true, false]) {
        const decisions = InstanceDecisions.watching();
        if (heard) decisions.lifecycle("CRASHED PANICKED");
        if (gap === "of libvirtd") decisions.lose();
        else decisions.restart();
        decisions.connect([crashed]);
        decisions.onCrash(action);
        // It may still be at it.
        assert.deepEqual(decisions.events, [], action);
        for (let looks = 0; looks < 2; looks++) {
          decisions.look();
          decisions.snapshot([crashed], decisions.eventCount, true);
        }
        decisions.lose();
        decisions.connect([crashed]);
        decisions.look();
        decisions.snapshot([crashed], decisions.eventCount, true);
        assert.deepEqual(decisions.events, [FAILED], action);
      }
    }
  });
}

test("a panic of which libvirtd has sent an event, and which it handles for long, is not notified before it is done", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("CRASHED PANICKED");
  for (let looks = 0; looks < 3; looks++) {
    decisions.look();
    decisions.snapshot([{ state: "CRASHED", reason: "PANICKED" }], decisions.eventCount, true);
    decisions.onCrash("coredump-restart");
  }
  decisions.event({ kind: "reboot" });
  assert.deepEqual(decisions.events, ["REBOOT/UNKNOWN"]);
});

test("notify_guest_panic = false: nor is a panic in a gap notified", () => {
  for (const looks of [[{ state: "CRASHED", reason: "PANICKED" }], [off("CRASHED")], [off("UNKNOWN")]]) {
    const decisions = InstanceDecisions.watching([{}], { notify_guest_panic: false });
    decisions.lifecycle("CRASHED PANICKED");
    decisions.lose();
    decisions.connect(looks);
    decisions.look();
    decisions.snapshot(looks, decisions.eventCount, true);
    assert.deepEqual(decisions.events, []);
  }
});

test("a panic that is preserved and notified, and killed in the gap, is one failure", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("CRASHED PANICKED");
  decisions.onCrash("preserve");
  decisions.restart();
  decisions.connect([off("CRASHED")]);
  assert.deepEqual(decisions.events, [FAILED]);
});

test("a panic that was not notified is queried at each look, and logged once", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("CRASHED PANICKED");
  for (let count = 0; count < 3; count++) {
    decisions.look();
    decisions.snapshot([{ state: "CRASHED", reason: "PANICKED" }]);
  }
  assert.equal(decisions.effects.filter(({ kind }) => kind === "askOnCrash").length, 4);
  assert.equal(decisions.effects.filter((one) => one.kind === "log" && one.level === "warning").length, 1);
});
