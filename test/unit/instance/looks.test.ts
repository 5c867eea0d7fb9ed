import assert from "node:assert/strict";
import { test } from "node:test";
import type { Look } from "../../../src/instance/observation.ts";
import { GUEST, InstanceMind } from "../../support/instance-mind.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";

const off = (reason: string): Partial<Look> => ({ state: "SHUTOFF", reason });

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

test("ran when this connection began, and is off without a reason: libvirtd has failed to take it over", () => {
  const mind = InstanceMind.watching();
  mind.look();
  mind.snapshot([off("UNKNOWN")], mind.heard, true);
  assert.deepEqual(mind.told, [FAILED]);
});
