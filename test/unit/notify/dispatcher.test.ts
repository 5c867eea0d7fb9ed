import assert from "node:assert/strict";
import { test } from "node:test";
import { ControlledDelivery } from "../../support/controlled-delivery.ts";
import { delivered, OutboxRig, refused, stateDirectory, stopped } from "../../support/outbox-rig.ts";
import { settle } from "../../support/virtual-clock.ts";

test("delivery begins in the tick of the commit", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const api = new ControlledDelivery(() => rig.clock.now().mono);
  const stop = new AbortController();
  const ended = rig.dispatcher(api.deliver).run(stop.signal);
  rig.outbox.add("process:a", stopped("a"));
  assert.deepEqual(api.names, ["a"]);
  api.asked[0]?.end(delivered);
  await settle();
  assert.equal(rig.outbox.counters.delivered, 1);
  stop.abort();
  await ended;
  rig.store.close();
});

test("in order within a subject, side by side between subjects, up to the bound", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const api = new ControlledDelivery(() => rig.clock.now().mono);
  const stop = new AbortController();
  const ended = rig.dispatcher(api.deliver, { maxInFlight: 2 }).run(stop.signal);
  rig.outbox.add("process:a", stopped("a1"));
  rig.outbox.add("process:a", stopped("a2"));
  rig.outbox.add("process:b", stopped("b1"));
  rig.outbox.add("process:c", stopped("c1"));
  assert.deepEqual(api.names, ["a1", "b1"]);
  api.asked[1]?.end(delivered);
  await settle();
  assert.deepEqual(api.names, ["a1", "b1", "c1"]);
  api.asked[0]?.end(refused);
  await rig.clock.advance(9_999);
  assert.deepEqual(api.names, ["a1", "b1", "c1"], "a2 waits for a1, and a1 for its retry");
  await rig.clock.advance(1);
  assert.deepEqual(api.names, ["a1", "b1", "c1", "a1"]);
  api.asked[3]?.end(delivered);
  await settle();
  assert.equal(api.names.at(-1), "a2");
  for (const asked of api.asked) asked.end(delivered);
  stop.abort();
  await ended;
  rig.store.close();
});

test("an API that hangs is given up, tried again, and holds up nothing but its own subject", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const api = new ControlledDelivery(() => rig.clock.now().mono);
  const stop = new AbortController();
  const ended = rig.dispatcher(api.deliver).run(stop.signal);
  rig.outbox.add("process:hangs", stopped("hangs"));
  await rig.clock.advance(30_000);
  assert.equal(api.asked[0]?.signal.aborted, true);
  assert.equal(rig.outbox.counters.failed, 0, "it may still have a last word");
  await rig.clock.advance(1000);
  assert.equal(rig.outbox.counters.failed, 1);
  assert.equal(rig.outbox.list()[0]?.reason, "no response within 30 s");
  await rig.clock.advance(10_000);
  assert.equal(api.asked.length, 2);
  stop.abort();
  await rig.clock.advance(2000);
  await ended;
  rig.store.close();
});

test("a response that comes after its attempt was given up changes nothing; the next attempt shows that the API has it", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const api = new ControlledDelivery(() => rig.clock.now().mono);
  const stop = new AbortController();
  const ended = rig.dispatcher(api.deliver).run(stop.signal);
  rig.outbox.add("process:a", stopped("a"));
  await rig.clock.advance(35_000);
  api.asked[0]?.end(delivered);
  await settle();
  assert.deepEqual([rig.outbox.counters.delivered, rig.outbox.pendingCount], [0, 1]);
  await rig.clock.advance(10_000);
  assert.equal(api.asked.length, 2);
  api.asked[1]?.end({ outcome: "duplicate" });
  await settle();
  assert.deepEqual([rig.outbox.counters.delivered, rig.outbox.pendingCount], [1, 0]);
  assert.match(rig.logged("delivered").join(), /^info .*the API had it already/);
  stop.abort();
  await ended;
  rig.store.close();
});

test("a throw in delivery counts as failed: the notification is still owed", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const stop = new AbortController();
  const ended = rig
    .dispatcher(() => {
      throw new TypeError("x is undefined");
    })
    .run(stop.signal);
  rig.outbox.add("process:a", stopped("a"));
  await settle();
  assert.match(rig.outbox.list()[0]?.reason ?? "", /defect in delivery: x is undefined/);
  stop.abort();
  await ended;
  rig.store.close();
});

test("superseded while it waits: never sent, and what follows is sent at once", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const api = new ControlledDelivery(() => rig.clock.now().mono);
  const stop = new AbortController();
  const ended = rig.dispatcher(api.deliver).run(stop.signal);
  rig.outbox.add("process:a", stopped("a", "2026-01-01T00:00:00"));
  api.asked[0]?.end(refused);
  await settle();
  rig.outbox.supersede("process:a", "it runs again");
  await rig.clock.advance(60_000);
  assert.equal(api.asked.length, 1);
  rig.outbox.add("process:a", stopped("a", "2026-01-01T00:01:00"));
  assert.equal(api.asked.length, 2);
  api.asked[1]?.end(delivered);
  stop.abort();
  await ended;
  rig.store.close();
});

/** What happens while the program does not run, for which its clock has no timer. */
const standstills: Readonly<Record<string, (clock: OutboxRig["clock"]) => void>> = {
  "stood still": (clock) => clock.stall(60_000),
  "was suspended with its machine": (clock) => clock.stepWall(600_000),
};

for (const [what, happens] of Object.entries(standstills)) {
  test(`after the program ${what}, what waits is sent 5 s later, unless it has been taken back`, async (t) => {
    const rig = new OutboxRig(stateDirectory(t));
    const api = new ControlledDelivery(() => rig.clock.now().mono);
    const stop = new AbortController();
    const ended = rig.dispatcher(api.deliver).run(stop.signal);
    rig.outbox.add("process:a", stopped("a"));
    rig.outbox.add("process:b", stopped("b"));
    for (const asked of api.asked) asked.end(refused);
    await rig.clock.advance(9_000);
    happens(rig.clock);
    await rig.clock.advance(4_900);
    assert.deepEqual(api.names, ["a", "b"]);
    rig.outbox.supersede("process:a", "it is up again");
    await rig.clock.advance(5_000);
    assert.deepEqual(api.names, ["a", "b", "b"]);
    stop.abort();
    await rig.clock.advance(2000);
    await ended;
    rig.store.close();
  });
}

test("what an earlier run left is sent when the monitor has looked, however long that takes, unless it is not true any more", async (t) => {
  const directory = stateDirectory(t);
  const earlier = new OutboxRig(directory);
  earlier.outbox.add("process:still", stopped("still"));
  earlier.outbox.add("process:back", stopped("back"));
  earlier.store.close();
  const rig = new OutboxRig(directory, { clock: earlier.clock });
  const api = new ControlledDelivery(() => rig.clock.now().mono);
  const stop = new AbortController();
  const ended = rig.dispatcher(api.deliver).run(stop.signal);
  await rig.clock.advance(3_600_000);
  rig.outbox.add("process:new", stopped("new"));
  rig.outbox.add("process:back", stopped("again"));
  assert.deepEqual(api.names, ["new"], "not even what has come after it, about the same subject");
  rig.outbox.supersede("process:back", "it runs again");
  assert.equal(rig.outbox.heldBack, 1);
  rig.outbox.takeUpLeftovers();
  assert.deepEqual(api.names, ["new", "still"]);
  assert.equal(rig.logged("1 notification that an earlier run left").length, 1);
  for (const asked of api.asked) asked.end(delivered);
  stop.abort();
  await ended;
  rig.store.close();
});

test("what has become of one leftover does not let the next one of its subject go early", async (t) => {
  const directory = stateDirectory(t);
  const earlier = new OutboxRig(directory);
  const first = earlier.outbox.add("process:a", stopped("a1"));
  earlier.outbox.add("process:a", stopped("a2"));
  earlier.outbox.add("process:b", stopped("b1"));
  earlier.store.close();
  const rig = new OutboxRig(directory, { clock: earlier.clock });
  const api = new ControlledDelivery(() => rig.clock.now().mono);
  const stop = new AbortController();
  const ended = rig.dispatcher(api.deliver).run(stop.signal);
  rig.outbox.drop([first], "by hand");
  rig.outbox.supersede("process:b", "it runs again");
  rig.outbox.add("process:b", stopped("b2"));
  assert.deepEqual(api.names, ["b2"], "what this run has seen waits for nothing that is over");
  rig.outbox.takeUpLeftovers();
  assert.deepEqual(api.names, ["b2", "a2"]);
  for (const asked of api.asked) asked.end(delivered);
  stop.abort();
  await ended;
  rig.store.close();
});

test("on stop, attempts under way get two seconds, and what was cut short is owed to the next run", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const api = new ControlledDelivery(() => rig.clock.now().mono);
  const stop = new AbortController();
  let over = false;
  const ended = rig
    .dispatcher(api.deliver)
    .run(stop.signal)
    .then(() => {
      over = true;
    });
  rig.outbox.add("process:a", stopped("a"));
  rig.outbox.add("process:b", stopped("b"));
  stop.abort();
  await rig.clock.advance(1000);
  api.asked[0]?.end(delivered);
  await rig.clock.advance(999);
  assert.equal(over, false);
  rig.outbox.add("process:c", stopped("c"));
  await rig.clock.advance(1);
  await ended;
  assert.deepEqual([api.names, api.asked[1]?.signal.aborted], [["a", "b"], true]);
  rig.store.close();
  api.asked[1]?.end(delivered);
  await rig.clock.runUntilIdle();
  assert.equal(rig.logged("delivered").length, 1, "what comes later is not taken note of: it could not be kept");
  assert.deepEqual(
    new OutboxRig(rig.statePath).outbox.list().map((entry) => entry.subject),
    ["process:b", "process:c"],
  );
});

test("nothing expired is sent, and it expires without an attempt", async (t) => {
  const rig = new OutboxRig(stateDirectory(t), { expiryMs: 90_000 });
  const api = new ControlledDelivery(() => rig.clock.now().mono);
  const stop = new AbortController();
  const ended = rig.dispatcher(api.deliver).run(stop.signal);
  rig.outbox.add("process:a", stopped("a1"));
  rig.outbox.add("process:a", stopped("a2"));
  await rig.clock.advance(3_600_000);
  assert.equal(rig.outbox.counters.expired, 2);
  assert.ok(!api.names.includes("a2"));
  assert.ok(api.asked.every((asked) => asked.at < 91_000));
  stop.abort();
  await ended;
  rig.store.close();
});

test("another dispatcher goes on with what the one before it cut short, as after SIGHUP", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const hangs = new ControlledDelivery(() => rig.clock.now().mono);
  const leave = new AbortController();
  const left = rig.dispatcher(hangs.deliver).run(leave.signal);
  rig.outbox.add("process:a", stopped("a"));
  leave.abort();
  await rig.clock.advance(2_000);
  await left;

  const api = new ControlledDelivery(() => rig.clock.now().mono);
  const stop = new AbortController();
  const ended = rig.dispatcher(api.deliver).run(stop.signal);
  await rig.clock.advance(2_000);
  assert.deepEqual(api.names, ["a"]);
  api.asked[0]?.end(delivered);
  await settle();
  assert.equal(rig.outbox.counters.delivered, 1);
  stop.abort();
  await ended;
  rig.store.close();
});
