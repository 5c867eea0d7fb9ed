import assert from "node:assert/strict";
import { test } from "node:test";
import type { Look } from "../../../src/instance/observation.ts";
import { GUEST, InstanceDecisions } from "../../support/instance-decisions.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";

const off = (reason: string): Partial<Look> => ({ state: "SHUTOFF", reason });
const paused = (reason: string): Partial<Look> => ({ state: "PAUSED", reason });

test("the end of a migration to this host that failed is not the guest's end", () => {
  const decisions = InstanceDecisions.watching([]);
  decisions.lifecycle("STARTED MIGRATED", GUEST, 3);
  decisions.lifecycle("STOPPED FAILED", GUEST, 3);
  assert.deepEqual(decisions.events, []);
});

test("what has arrived of a guest is destroyed when the libvirtd at its source goes away: not the guest's end", () => {
  const decisions = InstanceDecisions.watching([]);
  decisions.lifecycle("STARTED MIGRATED", GUEST, 3);
  decisions.lifecycle("SHUTDOWN HOST", GUEST, 3);
  decisions.lifecycle("STOPPED DESTROYED", GUEST, 3);
  assert.deepEqual(decisions.events, []);
});

test("migrated away, in every way: not notified, and its death elsewhere is not this host's", () => {
  for (const words of [["SUSPENDED MIGRATED"], ["SUSPENDED MIGRATED", "SUSPENDED POSTCOPY"]]) {
    const decisions = InstanceDecisions.watching();
    for (const word of words) decisions.lifecycle(word);
    decisions.lifecycle("STOPPED MIGRATED");
    decisions.lifecycle("UNDEFINED REMOVED", GUEST, -1);
    assert.deepEqual(decisions.events, []);
  }
});

test("a migration away that fails or is cancelled: the guest runs on, and dies as any other", () => {
  for (const words of [[], ["SUSPENDED MIGRATED", "RESUMED MIGRATED"], ["SUSPENDED MIGRATED", "RESUMED UNPAUSED"]]) {
    const decisions = InstanceDecisions.watching();
    for (const word of words) decisions.lifecycle(word);
    decisions.lifecycle("STOPPED FAILED");
    assert.deepEqual(decisions.events, [FAILED]);
  }
});

test("a guest that has arrived by migration dies as any other", () => {
  for (const detail of ["MIGRATED", "POSTCOPY"]) {
    const decisions = InstanceDecisions.watching([]);
    // libvirt's order.
    decisions.lifecycle("STARTED MIGRATED", GUEST, 3);
    decisions.lifecycle("DEFINED ADDED", GUEST, 3);
    decisions.lifecycle(`RESUMED ${detail}`, GUEST, 3);
    decisions.lifecycle("STOPPED FAILED", GUEST, 3);
    assert.deepEqual(decisions.events, [FAILED]);
  }
});

test("a guest that has arrived by migration, with its events in another order, dies as any other", () => {
  const decisions = InstanceDecisions.watching([]);
  decisions.lifecycle("STARTED MIGRATED", GUEST, 3);
  decisions.lifecycle("RESUMED MIGRATED", GUEST, 3);
  decisions.lifecycle("DEFINED ADDED", GUEST, 3);
  decisions.lifecycle("STOPPED FAILED", GUEST, 3);
  assert.deepEqual(decisions.events, [FAILED]);
});

test("a guest that has arrived by migration and is left paused, dies as any other", () => {
  const decisions = InstanceDecisions.watching([]);
  decisions.lifecycle("STARTED MIGRATED", GUEST, 3);
  decisions.lifecycle("SUSPENDED PAUSED", GUEST, 3);
  decisions.lifecycle("STOPPED FAILED", GUEST, 3);
  assert.deepEqual(decisions.events, [FAILED]);
});

test("a migration to this host that ended in the gap without having run here", () => {
  const decisions = InstanceDecisions.watching([]);
  decisions.lifecycle("STARTED MIGRATED", GUEST, 4);
  decisions.lose();
  decisions.connect([off("FAILED")]);
  assert.deepEqual(decisions.events, []);
});

test("arrived by migration in the gap, and ended there: persistent is what libvirt makes of one that runs here", () => {
  const ends: readonly (readonly [string, readonly string[]])[] = [
    ["CRASHED", [FAILED]],
    ["DAEMON", [FAILED]],
    ["DESTROYED", ["LIFECYCLE/STOPPED_DESTROYED"]],
    ["SHUTDOWN", ["LIFECYCLE/STOPPED_SHUTDOWN"]],
    ["UNKNOWN", []],
  ];
  for (const [reason, notified] of ends) {
    const decisions = InstanceDecisions.watching([]);
    decisions.lifecycle("STARTED MIGRATED", GUEST, 4);
    decisions.lose();
    decisions.connect([off(reason)]);
    assert.deepEqual(decisions.events, notified, reason);
  }
});

test("was persistent here before its migration to this host, and is found off: perhaps it has not run here", () => {
  for (const reason of ["CRASHED", "DAEMON", "DESTROYED", "FAILED", "UNKNOWN"]) {
    const decisions = InstanceDecisions.watching([off("MIGRATED")]);
    decisions.lifecycle("STARTED MIGRATED", GUEST, 4);
    decisions.look();
    decisions.snapshot([off(reason)], decisions.eventCount, true);
    decisions.lifecycle(reason === "DESTROYED" ? "STOPPED DESTROYED" : "STOPPED FAILED", GUEST, 4);
    assert.deepEqual(decisions.events, [], reason);
  }
});

test("a migration to this host that succeeded in the gap: the guest runs here, however it is found", () => {
  const decisions = InstanceDecisions.watching([]);
  decisions.lifecycle("STARTED MIGRATED", GUEST, 4);
  decisions.lose();
  decisions.connect([{ ...paused("USER"), id: 4 }]);
  decisions.lifecycle("STOPPED FAILED", GUEST, 4);
  assert.deepEqual(decisions.events, [FAILED]);
});

test("looked at again: a migration to this host that has failed is not notified, nor is its late event", () => {
  for (const looks of [[], [off("FAILED")]]) {
    const decisions = InstanceDecisions.watching([]);
    decisions.lifecycle("STARTED MIGRATED", GUEST, 4);
    decisions.look();
    decisions.snapshot(looks);
    decisions.lifecycle("STOPPED FAILED", GUEST, 4);
    assert.deepEqual(decisions.events, []);
  }
});

test("libvirt loses its QEMU on the way, since its source has gone: not the guest's; once it runs here, it is notified", () => {
  const arriving = InstanceDecisions.watching([]);
  arriving.lifecycle("STARTED MIGRATED", GUEST, 3);
  arriving.event({ kind: "controlError" }, GUEST, 3);
  arriving.lifecycle("STOPPED FAILED", GUEST, 3);
  assert.deepEqual(arriving.events, []);

  const seen = InstanceDecisions.watching([{ ...paused("MIGRATION"), id: 3 }]);
  seen.event({ kind: "controlError" }, GUEST, 3);
  assert.deepEqual(seen.events, []);

  const arrived = InstanceDecisions.watching([]);
  arrived.lifecycle("STARTED MIGRATED", GUEST, 3);
  arrived.lifecycle("RESUMED MIGRATED", GUEST, 3);
  arrived.event({ kind: "controlError" }, GUEST, 3);
  assert.deepEqual(arrived.events, ["CONTROL_ERROR/UNKNOWN"]);
});
