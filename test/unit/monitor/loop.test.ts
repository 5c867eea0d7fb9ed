import assert from "node:assert/strict";
import { test } from "node:test";
import type { CommonEffect } from "../../../src/monitor/contract.ts";
import { openStateFile, type StateFile } from "../../../src/notify/state-file.ts";
import { type Ask, loopOf, monitorOf, remember, rigOf } from "../../support/loop-scene.ts";
import { stateDirectory, stopped } from "../../support/outbox-rig.ts";

test("the next run goes on where this one was", (t) => {
  const rig = rigOf(t);
  loopOf(rig, monitorOf(remember)).loop.observe("one");
  const seen: (readonly string[])[] = [];
  const next = rigOf(t, rig.statePath);
  loopOf(
    next,
    monitorOf((state, observation) => {
      seen.push(state);
      return remember(state, observation);
    }),
  ).loop.observe("two");
  assert.deepEqual(seen, [["one"]]);
});

test("a saved state that cannot be used is logged, and the initial one taken", (t) => {
  const rig = rigOf(t);
  rig.store.transaction(() => rig.store.save("testmonitor", '{"of":"another release"}'));
  const { loop } = loopOf(rig, monitorOf(remember));
  loop.observe("one");
  assert.equal(rig.logged("is unreadable; starting fresh").length, 1);
  assert.equal(rig.store.saved("testmonitor"), '["one"]');
});

test("state and notifications are one write, and an unchanged state is none", (t) => {
  const writes: [number, number][] = [];
  const open = (path: string): StateFile => {
    const file = openStateFile(path);
    return {
      load: () => file.load(),
      read: (id) => file.read(id),
      ended: () => file.ended(),
      close: () => file.close(),
      write: (batch) => {
        const entries = [...batch.entries];
        const saved = [...batch.saved];
        writes.push([entries.length, saved.length]);
        file.write({ entries, saved });
      },
    };
  };
  const rig = rigOf(t, stateDirectory(t), open);
  const { loop } = loopOf(
    rig,
    monitorOf((state, seen) => {
      if (seen === "nothing new") return { state: [...state], effects: [] };
      return {
        state: [...state, seen],
        effects: [
          { kind: "supersede", subject: "process:a", reason: "before" },
          { kind: "notify", subject: "process:a", notification: stopped("a") },
          { kind: "notify", subject: "process:b", notification: stopped("b") },
        ],
      };
    }),
  );
  loop.observe("down");
  loop.observe("nothing new");
  assert.deepEqual(writes, [[2, 1]]);
});

test("other effects come after the write, in order", (t) => {
  const rig = rigOf(t);
  const order: string[] = [];
  rig.outbox.onChange(() => order.push("durable"));
  const { loop } = loopOf(
    rig,
    monitorOf(
      () => ({
        state: ["x"],
        effects: [
          { kind: "ask", what: "one" },
          { kind: "notify", subject: "process:a", notification: stopped("a") },
          { kind: "ask", what: "two" },
        ],
      }),
      {
        act: (effect) => {
          order.push(effect.what);
          return Promise.resolve();
        },
      },
    ),
  );
  loop.observe("down");
  assert.deepEqual(order, ["durable", "one", "two"]);
});

test("an observation made by an effect waits its turn", (t) => {
  const rig = rigOf(t);
  const order: string[] = [];
  const { loop } = loopOf(
    rig,
    monitorOf(
      (state, seen) => {
        order.push(`decide ${seen}`);
        const asks = ["first", "second"].map((what): Ask => ({ kind: "ask", what }));
        return { state, effects: seen === "begin" ? asks : [] };
      },
      {
        act: (effect, observe) => {
          order.push(`act ${effect.what}`);
          observe(effect.what);
          return Promise.resolve();
        },
      },
    ),
  );
  loop.observe("begin");
  assert.deepEqual(order, ["decide begin", "act first", "act second", "decide first", "decide second"]);
});

test("what a cancelled effect observed and was not decided yet is not decided any more, even of one batch", (t) => {
  const order: string[] = [];
  const asks: Record<string, Ask> = {
    begin: { kind: "ask", what: "old", cancelKey: "a" },
    again: { kind: "ask", what: "new", cancelKey: "a" },
  };
  const acts: Record<string, (observation: string) => void> = {};
  const { loop } = loopOf(
    rigOf(t),
    monitorOf(
      (state, seen) => {
        order.push(seen);
        if (seen === "lost") acts["old"]?.("result of old, in the next batch");
        if (seen === "lost") return { state, effects: [{ kind: "cancel", key: "a" }] };
        // All of these wait in the queue, and are decided together.
        if (seen === "first") for (const one of ["lost", "again"]) loop.observe(one);
        if (seen === "first") acts["old"]?.("result of old");
        const ask = asks[seen];
        return { state, effects: ask === undefined ? [] : [ask] };
      },
      {
        act: (effect, observe) => {
          acts[effect.what] = observe;
          return Promise.resolve();
        },
      },
    ),
  );
  for (const one of ["begin", "first"]) loop.observe(one);
  acts["old"]?.("later result of old");
  acts["new"]?.("result of new");
  assert.deepEqual(order, ["begin", "first", "lost", "again", "result of new"]);
});

test("wake observes after its time, the same key replaces, cancelWake cancels", async (t) => {
  const rig = rigOf(t);
  const woken: string[] = [];
  const wakes: Record<string, readonly CommonEffect[]> = {
    set: [
      { kind: "wake", key: "a", afterMs: 100 },
      { kind: "wake", key: "b", afterMs: 100 },
      { kind: "wake", key: "c", afterMs: 100 },
    ],
    change: [
      { kind: "wake", key: "a", afterMs: 500 },
      { kind: "cancelWake", key: "b" },
    ],
  };
  const { loop, stop } = loopOf(
    rig,
    monitorOf((state, seen) => {
      if (seen.startsWith("woke")) woken.push(`${rig.clock.now().mono - 1000} ${seen}`);
      return { state, effects: wakes[seen] ?? [] };
    }),
  );
  loop.observe("set");
  loop.observe("change");
  await rig.clock.advance(1000);
  assert.deepEqual(woken, ["100 woke c", "500 woke a"]);
  loop.observe("set");
  stop.abort();
  await rig.clock.advance(1000);
  assert.equal(woken.length, 2, "nothing wakes after the stop");
});
