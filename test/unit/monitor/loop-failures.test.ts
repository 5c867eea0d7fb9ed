import assert from "node:assert/strict";
import { test } from "node:test";
import type { CommonEffect } from "../../../src/monitor/contract.ts";
import { loopOf, monitorOf, remember, rigOf } from "../../support/loop-scene.ts";
import { stopped } from "../../support/outbox-rig.ts";
import { settle } from "../../support/virtual-clock.ts";

test("a decision that throws is logged in short and counted, and changes nothing; the next one is made", (t) => {
  const rig = rigOf(t);
  const { loop, progress, failures } = loopOf(
    rig,
    monitorOf((state, seen) => {
      if (seen.startsWith("bad")) throw new TypeError("cannot read x of undefined");
      return remember(state, seen);
    }),
  );
  loop.observe("one");
  loop.observe(`bad ${"x".repeat(10_000)}`);
  loop.observe("two");
  const [line] = rig.logged("cannot read x of undefined");
  assert.ok(line !== undefined && line.length < 1000);
  assert.deepEqual([progress.failedDecisions, failures.length], [1, 1]);
  assert.equal(rig.store.saved("testmonitor"), '["one","two"]');
});

test("a decision that cannot be kept is as if it was not made", (t) => {
  const rig = rigOf(t);
  const loopThrough: unknown[] = [];
  loopThrough.push(loopThrough);
  const { loop, failures } = loopOf(
    rig,
    monitorOf((state, seen) => ({
      state: seen === "bad" ? (loopThrough as string[]) : [...state, seen],
      effects: [{ kind: "notify", subject: "process:a", notification: stopped("a") }],
    })),
  );
  loop.observe("bad");
  assert.deepEqual([failures.length, rig.outbox.pendingCount], [1, 0]);
  loop.observe("good");
  assert.deepEqual([rig.outbox.pendingCount, rig.store.saved("testmonitor")], [1, '["good"]']);
});

test("an effect that fails is logged and counted, whether it throws or rejects", async (t) => {
  const rig = rigOf(t);
  const { loop, progress } = loopOf(
    rig,
    monitorOf((state, what) => ({ state, effects: [{ kind: "ask", what }] }), {
      act: (effect) => {
        if (effect.what === "throw") throw new Error("thrown");
        return Promise.reject(new Error("rejected"));
      },
    }),
  );
  loop.observe("throw");
  loop.observe("reject");
  await loop.settled();
  assert.equal(progress.failedEffects, 2);
  assert.equal(rig.logged("ask failed: thrown").length + rig.logged("ask failed: rejected").length, 2);
});

test("the effect log is logged at its level, and the last observation is recorded", async (t) => {
  const rig = rigOf(t);
  const { loop, progress } = loopOf(
    rig,
    monitorOf((state) => ({ state, effects: [{ kind: "log", level: "warning", text: "nova-compute is down" }] })),
  );
  await rig.clock.advance(500);
  loop.observe("x");
  assert.deepEqual(rig.log.lines, ["warning nova-compute is down"]);
  assert.equal(progress.lastObservation?.mono, 1500);
  await settle();
});

test("a wake is decided and counted, and is no sign that sensing works", async (t) => {
  const rig = rigOf(t);
  const again: readonly CommonEffect[] = [{ kind: "wake", key: "again", afterMs: 100 }];
  const { loop, progress } = loopOf(rig, { ...monitorOf((state) => ({ state, effects: again })), woke: () => "woken" });
  loop.observe("x");
  const { lastObservation } = progress;
  await rig.clock.advance(1000);
  assert.ok(progress.observations > 5);
  assert.equal(progress.lastObservation, lastObservation);
});

test("an effect that fails at once, a subject that cannot be shown and a wake that fails do not end the program", async (t) => {
  const rig = rigOf(t);
  const done: string[] = [];
  const count = (labels: unknown) => ({ kind: "count", counter: "looks", labels }) as CommonEffect;
  const circular: { self?: unknown } = {};
  circular.self = circular;
  const monitor = monitorOf(
    (state, seen) => ({
      state: [...state, seen],
      effects: [count(circular), { kind: "ask", what: seen }, { kind: "wake", key: "later", afterMs: 1000 }],
    }),
    {
      act: ({ what }) => {
        done.push(what);
        return Promise.resolve();
      },
      woke: () => {
        throw new Error("no such wake");
      },
    },
  );
  const { loop, progress, failures } = loopOf(rig, monitor);
  loop.observe("one");
  assert.deepEqual(done, ["one"]);
  assert.equal(progress.failedEffects, 1);
  await rig.clock.advance(1000);
  assert.equal(failures.length, 1);
  assert.match(String(failures[0]), /no such wake/);
});
