import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryResult } from "../../../src/notify/delivery.ts";
import { nameOf } from "../../support/controlled-delivery.ts";
import { delivered, OutboxRig, refused, stateDirectory, stopped } from "../../support/outbox-rig.ts";
import { settle } from "../../support/virtual-clock.ts";

test("while the API is down it is called at a bounded rate, however much waits; back, everything goes at once", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  let up = false;
  let calls = 0;
  const stop = new AbortController();
  const deliver = (): Promise<DeliveryResult> => {
    calls += 1;
    return Promise.resolve(up ? delivered : refused);
  };
  const ended = rig.dispatcher(deliver, { random: Math.random }).run(stop.signal);
  for (let index = 0; index < 300; index += 1) rig.outbox.add(`process:${index}`, stopped(`${index}`));
  await rig.clock.advance(600_000);
  // 4 in flight: a burst, 4 per 10 s for 20 s, then 4 per minute.
  assert.ok(calls <= 4 + 8 + 44 + 4, `${calls} calls in ten minutes`);
  assert.ok(calls >= 40, `${calls} calls in ten minutes`);
  up = true;
  await rig.clock.advance(16_000);
  assert.equal(rig.outbox.counters.delivered, 300);
  assert.equal(rig.logged("answers again").length, 1);
  stop.abort();
  await ended;
  rig.store.close();
});

test("one response after an outage has the others tried at once, not after their back-off", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  let up = false;
  const stop = new AbortController();
  const ended = rig.dispatcher(() => Promise.resolve(up ? delivered : refused)).run(stop.signal);
  for (const name of ["a", "b", "c"]) rig.outbox.add(`process:${name}`, stopped(name));
  await rig.clock.advance(600_000);
  const attempts = rig.outbox.counters.attempts;
  while (rig.outbox.counters.attempts === attempts) await rig.clock.advance(1000);
  up = true;
  rig.outbox.add("process:new", stopped("new"));
  await rig.clock.advance(1000);
  assert.equal(rig.outbox.counters.delivered, 4);
  stop.abort();
  await ended;
  rig.store.close();
});

test("an outage is logged when it begins, again with back-off, and when it ends", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  let up = false;
  const stop = new AbortController();
  const ended = rig.dispatcher(() => Promise.resolve(up ? delivered : refused)).run(stop.signal);
  rig.outbox.add("process:a", stopped("a"));
  await settle();
  assert.match(rig.logged("cannot be notified").join(), /^warning .*connection refused.*1 notification kept.*outbox/);
  await rig.clock.advance(4 * 3_600_000);
  const lines = rig.logged("cannot be notified").length;
  assert.ok(lines >= 5 && lines <= 10, `${lines} lines in four hours`);
  up = true;
  await rig.clock.advance(60_000);
  assert.equal(rig.logged("answers again").length, 1);
  up = false;
  await rig.clock.advance(60_000);
  rig.outbox.add("process:b", stopped("b"));
  await settle();
  assert.equal(rig.logged("cannot be notified").length, lines + 1, "the next outage is news");
  stop.abort();
  await ended;
  rig.store.close();
});

test("one notification that always fails is neither hurried by the others' success nor a line each time", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  let poisonous = 0;
  const stop = new AbortController();
  const ended = rig
    .dispatcher((notification) => {
      if (nameOf(notification) !== "poison") return Promise.resolve(delivered);
      poisonous += 1;
      return Promise.resolve(refused);
    })
    .run(stop.signal);
  rig.outbox.add("process:poison", stopped("poison"));
  for (let second = 0; second < 600; second += 1) {
    rig.outbox.add(`process:${second}`, stopped(`${second}`));
    await rig.clock.advance(1000);
  }
  assert.equal(rig.outbox.counters.delivered, 600);
  // Not once per success: at most once per api_retry_interval, and the first few.
  assert.ok(poisonous <= 66, `${poisonous} attempts in ten minutes`);
  assert.ok(poisonous >= 10, `${poisonous} attempts in ten minutes`);
  assert.ok(rig.logged("cannot be notified").length <= 5, `${rig.logged("cannot be notified").length} lines`);
  stop.abort();
  await ended;
  rig.store.close();
});
