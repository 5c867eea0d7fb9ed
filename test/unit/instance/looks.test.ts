import assert from "node:assert/strict";
import { test } from "node:test";
import type { Look } from "../../../src/instance/observation.ts";
import { GUEST, InstanceDecisions } from "../../support/instance-decisions.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";

const off = (reason: string): Partial<Look> => ({ state: "SHUTOFF", reason });

test("what an earlier run left is sent when the guests were looked at, and what is untrue of it is taken back before", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("STOPPED FAILED");
  decisions.restart();
  decisions.effects.length = 0;
  const caughtUp = (): boolean => decisions.effects.some(({ kind }) => kind === "caughtUp");
  decisions.connected();
  assert.equal(caughtUp(), false);
  decisions.snapshot([{ id: 2 }]);
  assert.equal(caughtUp(), true);
  assert.deepEqual(decisions.undelivered, []);
});

test("the event that comes after the look that found it is not notified", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lose();
  decisions.connect([off("CRASHED")]);
  decisions.lifecycle("STOPPED FAILED");
  assert.deepEqual(decisions.events, [FAILED]);
});

test("the event that comes while looking is notified, and the look not", () => {
  for (const look of [off("CRASHED"), {}]) {
    const decisions = InstanceDecisions.watching();
    decisions.lose();
    decisions.connected();
    const asked = decisions.eventCount;
    decisions.lifecycle("STOPPED FAILED");
    decisions.snapshot([look], asked);
    assert.deepEqual(decisions.undelivered, [FAILED], `the look found ${look.state ?? "RUNNING"}`);
    assert.equal(decisions.events.length, 1);
    assert.equal(decisions.state.guests.get(GUEST)?.state, "SHUTOFF");
  }
});

test("started while looking: that it is found dead is of before", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lose();
  decisions.connected();
  const asked = decisions.eventCount;
  decisions.lifecycle("STARTED BOOTED", GUEST, 2);
  decisions.snapshot([off("CRASHED")], asked);
  assert.deepEqual(decisions.events, []);
});

test("a transient one that ends while looking is not taken for running by the look", () => {
  const decisions = InstanceDecisions.watching([{ transient: true }]);
  decisions.lose();
  decisions.connected();
  const asked = decisions.eventCount;
  decisions.lifecycle("STOPPED FAILED");
  decisions.snapshot([{ transient: true }], asked);
  assert.deepEqual(decisions.undelivered, [FAILED]);
  decisions.connect([]);
  assert.deepEqual(decisions.undelivered, [FAILED]);
  assert.equal(decisions.state.guests.size, 0);
});

test("defined and started while all is looked at for the first time: persistent, and notified once", () => {
  const decisions = new InstanceDecisions();
  decisions.start();
  decisions.connected();
  decisions.lifecycle("DEFINED ADDED", GUEST, -1);
  decisions.snapshot([], 0);
  decisions.lifecycle("STARTED BOOTED");
  decisions.lifecycle("STOPPED FAILED");
  decisions.lose();
  decisions.connect([off("CRASHED")]);
  assert.deepEqual(decisions.events, [FAILED]);
});

test("defined and started while looking, it is not in the list, and stays", () => {
  const decisions = InstanceDecisions.watching([]);
  decisions.lose();
  decisions.connected();
  const asked = decisions.eventCount;
  decisions.lifecycle("DEFINED ADDED", GUEST, -1);
  decisions.lifecycle("STARTED BOOTED", GUEST, 1);
  decisions.snapshot([], asked);
  assert.equal(decisions.state.guests.get(GUEST)?.state, "RUNNING");
});

test("the connection is lost while looking: the next one compares with what was before", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lose();
  decisions.connected();
  decisions.lose();
  decisions.connect([off("CRASHED")]);
  assert.deepEqual(decisions.events, [FAILED]);
});

test("undefined while looking: it is not known any more, whatever the look has found", () => {
  const decisions = InstanceDecisions.watching([off("SHUTDOWN")]);
  decisions.lose();
  decisions.connected();
  const asked = decisions.eventCount;
  decisions.lifecycle("UNDEFINED REMOVED", GUEST, -1);
  decisions.snapshot([off("SHUTDOWN")], asked);
  assert.equal(decisions.state.guests.size, 0);
});

test("started in the gap and destroyed while looking: the failure before that is over", () => {
  const decisions = InstanceDecisions.watching();
  decisions.lifecycle("STOPPED FAILED");
  decisions.lose();
  decisions.connected();
  const asked = decisions.eventCount;
  decisions.lifecycle("STOPPED DESTROYED", GUEST, 2);
  decisions.snapshot([off("DESTROYED")], asked);
  assert.deepEqual(decisions.undelivered, ["LIFECYCLE/STOPPED_DESTROYED"]);
});

test("at the very first, one that crashed long ago and is redefined while looking is not notified", () => {
  const decisions = new InstanceDecisions();
  decisions.start();
  decisions.connected();
  const asked = decisions.eventCount;
  decisions.lifecycle("DEFINED UPDATED", GUEST, -1);
  decisions.snapshot([off("CRASHED")], asked);
  assert.deepEqual(decisions.events, []);
});

test("looked at again on the same connection: a death without an event is notified, and its late event is not", () => {
  const decisions = InstanceDecisions.watching();
  decisions.look();
  decisions.snapshot([off("CRASHED")]);
  decisions.look();
  decisions.snapshot([off("CRASHED")]);
  decisions.lifecycle("STOPPED FAILED");
  assert.deepEqual(decisions.events, [FAILED]);
});

test("ran when this connection began, and is off without a reason: libvirtd has failed to take it over", () => {
  const decisions = InstanceDecisions.watching();
  decisions.look();
  decisions.snapshot([off("UNKNOWN")], decisions.eventCount, true);
  assert.deepEqual(decisions.events, [FAILED]);
});
