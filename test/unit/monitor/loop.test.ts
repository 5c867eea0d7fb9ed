import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { CommonEffect, Decision, Monitor } from "../../../src/monitor/contract.ts";
import { Loop } from "../../../src/monitor/loop.ts";
import { noProgress } from "../../../src/monitor/progress.ts";
import { openStateFile, type StateFile } from "../../../src/notify/state-file.ts";
import { OutboxRig, stateDirectory, stopped } from "../../support/outbox-rig.ts";
import { settle } from "../../support/virtual-clock.ts";

interface Ask {
  readonly kind: "ask";
  readonly what: string;
  readonly cancelKey?: string;
}
type Decide = (state: readonly string[], seen: string) => Decision<readonly string[], Ask>;

function monitorOf(decide: Decide, parts: Partial<Monitor<readonly string[], string, Ask>> = {}) {
  const monitor: Monitor<readonly string[], string, Ask> = {
    name: "testmonitor",
    initial: [],
    restore: ({ rest }) => (Array.isArray(rest) ? rest : undefined),
    decide,
    woke: (key) => `woke ${key}`,
    sense: () => Promise.resolve(),
    act: () => Promise.resolve(),
    ...parts,
  };
  return monitor;
}

function loopOf(rig: OutboxRig, monitor: Monitor<readonly string[], string, Ask>) {
  const progress = noProgress();
  const failures: unknown[] = [];
  const stop = new AbortController();
  const loop = new Loop(monitor, { ...rig, progress }, stop.signal, (error) => failures.push(error));
  loop.start();
  return { loop, progress, failures, stop };
}

function rigOf(t: TestContext, directory = stateDirectory(t), open?: (path: string) => StateFile): OutboxRig {
  const rig = new OutboxRig(directory, open === undefined ? {} : { open });
  t.after(() => rig.store.close());
  return rig;
}

const remember: Decide = (state, seen) => ({ state: [...state, seen], effects: [] });

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
