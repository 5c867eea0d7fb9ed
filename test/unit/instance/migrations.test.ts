import assert from "node:assert/strict";
import { test } from "node:test";
import type { Look } from "../../../src/instance/observation.ts";
import { GUEST, InstanceMind } from "../../support/instance-mind.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";

const off = (reason: string): Partial<Look> => ({ state: "SHUTOFF", reason });
const paused = (reason: string): Partial<Look> => ({ state: "PAUSED", reason });

test("the end of a migration to this host that failed is not the guest's end", () => {
  const mind = InstanceMind.watching([]);
  mind.life("STARTED MIGRATED", GUEST, 3);
  mind.life("STOPPED FAILED", GUEST, 3);
  assert.deepEqual(mind.told, []);
});

test("what has arrived of a guest is destroyed when the libvirtd at its source goes away: not the guest's end", () => {
  const mind = InstanceMind.watching([]);
  mind.life("STARTED MIGRATED", GUEST, 3);
  mind.life("SHUTDOWN HOST", GUEST, 3);
  mind.life("STOPPED DESTROYED", GUEST, 3);
  assert.deepEqual(mind.told, []);
});

test("migrated away, in every way: not told, and its death elsewhere is not this host's", () => {
  for (const words of [["SUSPENDED MIGRATED"], ["SUSPENDED MIGRATED", "SUSPENDED POSTCOPY"]]) {
    const mind = InstanceMind.watching();
    for (const word of words) mind.life(word);
    mind.life("STOPPED MIGRATED");
    mind.life("UNDEFINED REMOVED", GUEST, -1);
    assert.deepEqual(mind.told, []);
  }
});

test("a migration away that fails or is cancelled: the guest runs on, and dies as any other", () => {
  for (const words of [[], ["SUSPENDED MIGRATED", "RESUMED MIGRATED"], ["SUSPENDED MIGRATED", "RESUMED UNPAUSED"]]) {
    const mind = InstanceMind.watching();
    for (const word of words) mind.life(word);
    mind.life("STOPPED FAILED");
    assert.deepEqual(mind.told, [FAILED]);
  }
});

test("a guest that has arrived by migration dies as any other", () => {
  for (const detail of ["MIGRATED", "POSTCOPY"]) {
    const mind = InstanceMind.watching([]);
    // libvirt's order.
    mind.life("STARTED MIGRATED", GUEST, 3);
    mind.life("DEFINED ADDED", GUEST, 3);
    mind.life(`RESUMED ${detail}`, GUEST, 3);
    mind.life("STOPPED FAILED", GUEST, 3);
    assert.deepEqual(mind.told, [FAILED]);
  }
});

test("a guest that has arrived by migration, told of in another order, dies as any other", () => {
  const mind = InstanceMind.watching([]);
  mind.life("STARTED MIGRATED", GUEST, 3);
  mind.life("RESUMED MIGRATED", GUEST, 3);
  mind.life("DEFINED ADDED", GUEST, 3);
  mind.life("STOPPED FAILED", GUEST, 3);
  assert.deepEqual(mind.told, [FAILED]);
});

test("a guest that has arrived by migration and is left paused, dies as any other", () => {
  const mind = InstanceMind.watching([]);
  mind.life("STARTED MIGRATED", GUEST, 3);
  mind.life("SUSPENDED PAUSED", GUEST, 3);
  mind.life("STOPPED FAILED", GUEST, 3);
  assert.deepEqual(mind.told, [FAILED]);
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

test("libvirt loses its QEMU on the way, since its source has gone: not the guest's; once it runs here, it is told", () => {
  const arriving = InstanceMind.watching([]);
  arriving.life("STARTED MIGRATED", GUEST, 3);
  arriving.event({ kind: "controlError" }, GUEST, 3);
  arriving.life("STOPPED FAILED", GUEST, 3);
  assert.deepEqual(arriving.told, []);

  const seen = InstanceMind.watching([{ ...paused("MIGRATION"), id: 3 }]);
  seen.event({ kind: "controlError" }, GUEST, 3);
  assert.deepEqual(seen.told, []);

  const arrived = InstanceMind.watching([]);
  arrived.life("STARTED MIGRATED", GUEST, 3);
  arrived.life("RESUMED MIGRATED", GUEST, 3);
  arrived.event({ kind: "controlError" }, GUEST, 3);
  assert.deepEqual(arrived.told, ["CONTROL_ERROR/UNKNOWN"]);
});
