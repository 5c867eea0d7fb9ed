import assert from "node:assert/strict";
import { test } from "node:test";
import type { Look } from "../../../src/instance/observation.ts";
import { GUEST, InstanceMind } from "../../support/instance-mind.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";

const off = (reason: string): Partial<Look> => ({ state: "SHUTOFF", reason });

test("a panic is told when the guest has ended, and only then", () => {
  const mind = InstanceMind.watching();
  mind.life("CRASHED PANICKED");
  mind.onCrash("destroy");
  assert.deepEqual(mind.told, []);
  mind.life("STOPPED CRASHED");
  assert.deepEqual(mind.told, [FAILED]);
});

/** libvirtd takes QEMU's panic in a worker and its stop in the event loop: now and then it tells the stop first. */
const PANICS: readonly (readonly string[])[] = [
  ["CRASHED PANICKED"],
  ["SUSPENDED PAUSED", "CRASHED PANICKED"],
  ["CRASHED PANICKED", "SUSPENDED PAUSED"],
];

for (const panic of PANICS) {
  test(`${panic.join(", ")}: one failure, whatever on_crash makes of it`, () => {
    const told: Record<string, readonly string[]> = {};
    for (const action of ["destroy", "coredump-destroy", "preserve", "restart", "coredump-restart"]) {
      const mind = InstanceMind.watching();
      for (const words of panic) mind.life(words);
      mind.onCrash(action);
      if (action.endsWith("destroy")) mind.life("STOPPED CRASHED");
      // As libvirtd 9.0 tells it.
      if (action.endsWith("restart")) {
        mind.event({ kind: "reboot" });
        mind.life("RESUMED UNPAUSED");
        mind.event({ kind: "reboot" });
        assert.equal(mind.state.guests.get(GUEST)?.state, "RUNNING");
      }
      told[action] = mind.told;
    }
    assert.deepEqual(told, {
      destroy: [FAILED],
      "coredump-destroy": [FAILED],
      preserve: [FAILED],
      restart: ["REBOOT/UNKNOWN"],
      "coredump-restart": ["REBOOT/UNKNOWN"],
    });
  });
}

test("virsh dump --crash ends a guest as a panic does, but is somebody's wish", () => {
  const mind = InstanceMind.watching();
  // libvirtd 9.0's events.
  mind.life("SUSPENDED PAUSED");
  mind.life("STOPPED CRASHED");
  assert.deepEqual(mind.told, []);
});

test("a guest that ends crashed while all is looked at: its panic may have been missed", () => {
  const mind = InstanceMind.watching();
  mind.lose();
  mind.connected();
  mind.life("STOPPED CRASHED");
  mind.snapshot([{ state: "SHUTOFF", reason: "CRASHED" }], 0);
  assert.deepEqual(mind.told, [FAILED]);
});

test("a panic that was preserved, and is ended: that is told too", () => {
  const mind = InstanceMind.watching();
  mind.life("CRASHED PANICKED");
  mind.onCrash("preserve");
  mind.life("STOPPED DESTROYED");
  assert.deepEqual(mind.told, [FAILED, "LIFECYCLE/STOPPED_DESTROYED"]);
});

test("after a panic that was preserved and resumed, a pause is a pause", () => {
  const mind = InstanceMind.watching();
  mind.life("CRASHED PANICKED");
  mind.life("RESUMED UNPAUSED");
  mind.life("SUSPENDED PAUSED");
  mind.onCrash("preserve");
  assert.deepEqual(mind.told, []);
});

test("a panic that on_crash=restart makes good is not a failure", () => {
  const mind = InstanceMind.watching();
  mind.life("CRASHED PANICKED");
  mind.onCrash("restart");
  mind.event({ kind: "reboot" });
  assert.deepEqual(mind.told, ["REBOOT/UNKNOWN"]);
  assert.equal(mind.state.guests.get(GUEST)?.state, "RUNNING");
});

test("a preserved panic is told once, also when somebody kills what is left", () => {
  const mind = InstanceMind.watching();
  mind.life("CRASHED PANICKED");
  mind.onCrash("preserve");
  mind.restart();
  mind.connect([{ state: "CRASHED", reason: "PANICKED" }]);
  mind.onCrash("preserve");
  mind.life("STOPPED FAILED");
  assert.deepEqual(mind.told, [FAILED]);
});

test("notify_guest_panic = false is upstream's silence", () => {
  const mind = InstanceMind.watching([{}], { notify_guest_panic: false });
  mind.life("CRASHED PANICKED");
  mind.onCrash("preserve");
  mind.life("STOPPED CRASHED");
  assert.deepEqual(mind.told, []);
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

test("a panic that is preserved and told, and killed in the gap, is one failure", () => {
  const mind = InstanceMind.watching();
  mind.life("CRASHED PANICKED");
  mind.onCrash("preserve");
  mind.restart();
  mind.connect([off("CRASHED")]);
  assert.deepEqual(mind.told, [FAILED]);
});

test("a panic that stays untold is asked about at each look, and said once", () => {
  const mind = InstanceMind.watching();
  mind.life("CRASHED PANICKED");
  for (let count = 0; count < 3; count++) {
    mind.look();
    mind.snapshot([{ state: "CRASHED", reason: "PANICKED" }]);
  }
  assert.equal(mind.effects.filter(({ kind }) => kind === "askOnCrash").length, 4);
  assert.equal(mind.effects.filter((one) => one.kind === "log" && one.level === "warning").length, 1);
});
