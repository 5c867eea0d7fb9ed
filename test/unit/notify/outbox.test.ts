import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Entry } from "../../../src/notify/entry.ts";
import { visitStateFile } from "../../../src/notify/state-file.ts";
import { delivered, OutboxRig, refused, stateDirectory, stopped } from "../../support/outbox-rig.ts";

const HOUR = 3_600_000;

/** What `masakari-monitors outbox drop` does, from its own process. */
function dropFromElsewhere(rig: OutboxRig, reason: string): void {
  const file = visitStateFile(join(rig.statePath, "testmonitor.sqlite"));
  const entries = file.load().entries.map((entry): Entry => ({ ...entry, state: "dropped", reason, endedWall: 1 }));
  file.write({ entries, saved: [] });
  file.close();
}

test("each final state is logged once and counted once", (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const { outbox } = rig;
  const sent = outbox.add("process:a", stopped("a"));
  outbox.begin(sent);
  outbox.settle(sent, delivered);
  const repeated = outbox.add("process:b", stopped("b"));
  outbox.begin(repeated);
  outbox.settle(repeated, refused);
  outbox.begin(repeated);
  outbox.settle(repeated, { outcome: "duplicate" });
  const bad = outbox.add("process:c", stopped("c"));
  outbox.begin(bad);
  outbox.settle(bad, { outcome: "rejected", reason: "host-1 is in no segment" });
  outbox.add("process:d", stopped("d"));
  outbox.supersede("process:d", "it runs again");
  const unwanted = outbox.add("process:e", stopped("e"));
  outbox.drop([unwanted], "maintenance");
  for (const word of ["a on", "b on", "c on", "d on", "e on"]) assert.equal(rig.logged(` of ${word}`).length, 1, word);
  assert.equal(rig.logged("error").length, 1);
  assert.match(rig.logged("error").join(), /rejected.*host-1 is in no segment/);
  const { added, superseded, rejected, dropped, expired } = outbox.counters;
  assert.deepEqual([added, outbox.counters.delivered, superseded, rejected, dropped, expired], [5, 2, 1, 1, 1, 0]);
  assert.equal(outbox.pendingCount, 0);
  rig.store.close();
});

test("the last notification that will never reach Masakari is known until one is delivered", async (t) => {
  const rig = new OutboxRig(stateDirectory(t), { expiryMs: HOUR });
  const { outbox } = rig;
  const undelivered = () => outbox.lastUndelivered;
  outbox.add("process:a", stopped("a"));
  assert.equal(undelivered(), undefined);
  await rig.clock.advance(HOUR);
  outbox.expire();
  assert.match(undelivered()?.what ?? "", /expired/);
  assert.deepEqual(undelivered()?.at, rig.clock.now());
  for (const outcome of [{ outcome: "rejected", reason: "host-1 is in no segment" }, delivered] as const) {
    const id = outbox.add("process:b", stopped("b"));
    outbox.begin(id);
    outbox.settle(id, outcome);
    if (outcome !== delivered) assert.match(undelivered()?.what ?? "", /host-1 is in no segment/);
  }
  assert.equal(undelivered(), undefined);
  rig.store.close();
});

test("an attempt under way when superseded is decided by its response", (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const { outbox } = rig;
  const arrives = outbox.add("process:a", stopped("a"));
  const fails = outbox.add("process:b", stopped("b"));
  for (const id of [arrives, fails]) outbox.begin(id);
  outbox.supersede("process:a", "it runs again");
  outbox.supersede("process:b", "it runs again");
  assert.equal(rig.logged("superseded").length, 0);
  // A crash now must not send it again: the row on disk has that already.
  assert.equal(new OutboxRig(rig.statePath).outbox.pendingCount, 0);
  outbox.settle(arrives, delivered);
  outbox.settle(fails, refused);
  assert.deepEqual([outbox.counters.delivered, outbox.counters.superseded], [1, 1]);
  const states = Object.fromEntries(outbox.listEnded().map((entry) => [entry.subject, entry.state]));
  assert.deepEqual(states, { "process:a": "delivered", "process:b": "superseded" });
  rig.store.close();
});

test("what the API treats as a repeat though it was never sent before is logged as a warning", (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const first = rig.outbox.add("process:a", stopped("a"));
  rig.outbox.begin(first);
  rig.outbox.settle(first, delivered);
  const second = rig.outbox.add("process:a", stopped("a", "2025-12-31T00:00:00"));
  rig.outbox.begin(second);
  rig.outbox.settle(second, { outcome: "duplicate" });
  assert.match(rig.logged("warning").join(), /treats it as a repeat .*clock was set back.*act by hand/);
  const cutOff = rig.outbox.add("process:b", stopped("b"));
  rig.outbox.begin(cutOff);
  rig.store.close();
  const next = new OutboxRig(rig.statePath);
  next.outbox.begin(cutOff);
  next.outbox.settle(cutOff, { outcome: "duplicate" });
  assert.match(
    next.logged("delivered").join(),
    /^info .*the API had it already/,
    "the earlier run may have been killed while it sent it",
  );
  next.store.close();
});

test("what another process dropped is not sent, and is logged once", (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const id = rig.outbox.add("process:a", stopped("a"));
  dropFromElsewhere(rig, "host is being repaired");
  assert.equal(rig.outbox.begin(id), undefined);
  assert.equal(rig.outbox.begin(id), undefined);
  assert.equal(rig.logged("host is being repaired").length, 1);
  assert.equal(rig.outbox.counters.dropped, 1);
  rig.store.close();
});

test("what another process dropped during an attempt stays dropped when the attempt fails", (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const id = rig.outbox.add("process:a", stopped("a"));
  rig.outbox.begin(id);
  dropFromElsewhere(rig, "by hand");
  rig.outbox.settle(id, refused);
  assert.equal(rig.outbox.begin(id), undefined);
  assert.equal(rig.outbox.listEnded()[0]?.state, "dropped");
  rig.store.close();
});

test("what another process dropped during an attempt is delivered if the API has it", (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const id = rig.outbox.add("process:a", stopped("a"));
  rig.outbox.begin(id);
  dropFromElsewhere(rig, "by hand");
  rig.outbox.settle(id, delivered);
  assert.equal(rig.outbox.listEnded()[0]?.state, "delivered");
  rig.store.close();
});

test("stepping the wall clock neither expires an entry nor keeps it", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  rig.outbox.add("process:a", stopped("a"));
  rig.clock.stepWall(30 * 24 * HOUR);
  rig.outbox.expire();
  assert.equal(rig.outbox.pendingCount, 1);
  rig.clock.stepWall(-60 * 24 * HOUR);
  await rig.clock.advance(24 * HOUR);
  rig.outbox.expire();
  assert.equal(rig.outbox.pendingCount, 0);
  assert.match(rig.logged("expired").join(), /error .*86400 s.*notify Masakari by hand/);
  rig.store.close();
});

test("age goes on over a restart in the same boot, whatever the wall clock shows", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const id = rig.outbox.add("process:a", stopped("a"));
  rig.store.close();
  await rig.clock.advance(23 * HOUR);
  rig.clock.stepWall(-90 * 24 * HOUR);
  const next = new OutboxRig(rig.statePath, { clock: rig.clock });
  next.outbox.expire();
  assert.equal(next.outbox.pendingCount, 1);
  await rig.clock.advance(HOUR);
  assert.equal(next.outbox.begin(id), undefined);
  assert.equal(next.outbox.counters.expired, 1);
  next.store.close();
});

test("over a reboot an entry is as old as the boot, wherever the wall clock stands", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  rig.outbox.add("process:a", stopped("a"));
  rig.store.close();
  for (const [bootId, stepped] of [
    ["boot-2", -24 * HOUR],
    ["boot-3", 3 * 24 * HOUR],
  ] as const) {
    rig.clock.stepWall(stepped);
    const next = new OutboxRig(rig.statePath, { bootId, clock: rig.clock });
    next.outbox.expire();
    assert.equal(next.outbox.pendingCount, 1, `${bootId}, the clock stepped by ${stepped} ms`);
    next.store.close();
  }
  await rig.clock.advance(24 * HOUR);
  const late = new OutboxRig(rig.statePath, { bootId: "boot-4", clock: rig.clock });
  late.outbox.expire();
  assert.equal(late.outbox.counters.expired, 1);
  late.store.close();
});

test("where boots cannot be distinguished the wall clock gives the age", (t) => {
  const rig = new OutboxRig(stateDirectory(t), { bootId: "" });
  rig.outbox.add("process:a", stopped("a"));
  rig.store.close();
  rig.clock.stepWall(-HOUR);
  const early = new OutboxRig(rig.statePath, { bootId: "", clock: rig.clock });
  early.outbox.expire();
  assert.equal(early.outbox.pendingCount, 1);
  early.store.close();
  rig.clock.stepWall(26 * HOUR);
  const late = new OutboxRig(rig.statePath, { bootId: "", clock: rig.clock });
  late.outbox.expire();
  assert.equal(late.outbox.counters.expired, 1);
  late.store.close();
});

test("a full outbox drops the oldest of the subject that chatters, never the only one of another", (t) => {
  const rig = new OutboxRig(stateDirectory(t), { limit: 4 });
  const quiet = rig.outbox.add("process:quiet", stopped("quiet"));
  const chatter = [1, 2, 3, 4].map((second) =>
    rig.outbox.add("process:chatter", stopped("chatter", `2026-01-01T00:00:0${second}`)),
  );
  assert.deepEqual(
    rig.outbox.list().map((entry) => entry.id),
    [quiet, ...chatter.slice(1)],
  );
  assert.match(rig.logged("dropped").join(), /^error .*the outbox is full/);
  // Nobody wanted it to be: it counts as lost, and `status` shows it.
  const { overflowed, dropped } = rig.outbox.counters;
  assert.deepEqual([overflowed, dropped], [1, 0]);
  assert.match(rig.outbox.lastUndelivered?.what ?? "", /chatter.*the outbox is full/);
  rig.store.close();
});

test("an only entry stays even when it is the oldest of all", async (t) => {
  const rig = new OutboxRig(stateDirectory(t), { limit: 3 });
  const first = rig.outbox.add("process:chatter", stopped("chatter", "2026-01-01T00:00:01"));
  await rig.clock.advance(1000);
  const quiet = rig.outbox.add("process:quiet", stopped("quiet"));
  await rig.clock.advance(1000);
  const second = rig.outbox.add("process:chatter", stopped("chatter", "2026-01-01T00:00:02"));
  rig.outbox.begin(first);
  rig.outbox.settle(first, delivered);
  for (const seconds of [3, 4]) rig.outbox.add("process:chatter", stopped("chatter", `2026-01-01T00:00:0${seconds}`));
  const pending = rig.outbox.list().map((entry) => entry.id);
  assert.deepEqual([pending.includes(quiet), pending.includes(second)], [true, false]);
  rig.store.close();
});

test("attempts and the last reason are on disk for the list", (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const id = rig.outbox.add("process:a", stopped("a"));
  for (let attempt = 0; attempt < 2; attempt += 1) {
    rig.outbox.begin(id);
    rig.outbox.settle(id, refused);
  }
  const [entry] = new OutboxRig(rig.statePath).outbox.list();
  assert.deepEqual([entry?.attempts, entry?.reason], [2, "connection refused"]);
  rig.store.close();
});

test("the time until acceptance counts from the observation, not from being put in", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const { outbox, clock } = rig;
  const observed = clock.now();
  await clock.advance(4000);
  const id = outbox.add("process:a", stopped("a"), observed);
  await clock.advance(2000);
  outbox.begin(id);
  outbox.settle(id, delivered);
  assert.equal(outbox.deliveryLatency.counts.sumSeconds, 2);
  assert.equal(outbox.acceptanceLatency.counts.sumSeconds, 6);
  rig.store.close();
});
