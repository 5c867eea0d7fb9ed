import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Monitor } from "../../../src/monitor/contract.ts";
import { noProgress } from "../../../src/monitor/progress.ts";
import { runMonitor } from "../../../src/monitor/run.ts";
import { delivered, OutboxRig, stateDirectory, stopped } from "../../support/outbox-rig.ts";
import { settle } from "../../support/virtual-clock.ts";

type Testing = Monitor<number, string, { readonly kind: "hang" }>;

const monitor: Testing = {
  name: "testmonitor",
  initial: 0,
  restore: ({ rest }) => (typeof rest === "number" ? rest : undefined),
  decide: (state, seen) => {
    if (seen === "looked") return { state, effects: [{ kind: "caughtUp" }] };
    if (seen === "poison") throw new Error("undecidable");
    if (seen === "hang") return { state, effects: [{ kind: "hang" }] };
    return { state: state + 1, effects: [{ kind: "notify", subject: `process:${seen}`, notification: stopped(seen) }] };
  },
  woke: (key) => key,
  sense: (_observe, signal) => untilAbort(signal),
  act: () => Promise.resolve(),
};

function untilAbort(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function start(rig: OutboxRig, parts: Partial<Testing>) {
  const stop = new AbortController();
  const progress = noProgress();
  const dispatcher = rig.dispatcher(() => Promise.resolve(delivered));
  let over = false;
  const ended = runMonitor({ ...monitor, ...parts }, { ...rig, dispatcher, progress }, stop.signal).then(() => {
    over = true;
  });
  return { stop, progress, ended, isOver: () => over };
}

test("what is sensed is delivered, and the abort ends it", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const { stop, ended } = start(rig, {
    sense: (observe, signal) => {
      observe("a");
      return untilAbort(signal);
    },
  });
  await settle();
  assert.equal(rig.outbox.counters.delivered, 1);
  stop.abort();
  await ended;
  assert.equal(rig.clock.timers, 0, "no timer is left");
  rig.store.close();
});

/** What an earlier run left, and a monitor that finds it. */
function withLeftover(t: TestContext): OutboxRig {
  const directory = stateDirectory(t);
  const earlier = new OutboxRig(directory);
  earlier.outbox.add("process:left", stopped("left"));
  earlier.store.close();
  return new OutboxRig(directory, { clock: earlier.clock });
}

test("what an earlier run left is sent when the monitor has looked", async (t) => {
  const rig = withLeftover(t);
  const { promise: looked, resolve: look } = Promise.withResolvers<void>();
  const { stop, ended } = start(rig, {
    sense: async (observe, signal) => {
      await looked;
      observe("looked");
      await untilAbort(signal);
    },
  });
  await rig.clock.advance(59_000);
  assert.equal(rig.outbox.counters.attempts, 0);
  look();
  await settle();
  assert.equal(rig.outbox.counters.delivered, 1);
  stop.abort();
  await ended;
  assert.equal(rig.clock.timers, 0, "no timer is left");
  rig.store.close();
});

test("what an earlier run left goes all the same where the monitor cannot look within its time, and that is logged", async (t) => {
  const rig = withLeftover(t);
  const { stop, ended } = start(rig, {
    catchUpWithinMs: 300_000,
    sense: () => Promise.reject(new Error("no libvirt")),
  });
  await rig.clock.advance(299_999);
  assert.equal(rig.outbox.counters.attempts, 0);
  await rig.clock.advance(1);
  assert.equal(rig.outbox.counters.delivered, 1);
  assert.match(rig.logged("could not check for 300 s").join(), /^warning .*sending 1 notification as last known/);
  stop.abort();
  await ended;
  rig.store.close();
});

test("sensing that throws, or ends by itself, is restarted with a growing delay, up to a minute", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const begun: number[] = [];
  const { stop, ended, progress } = start(rig, {
    sense: () => {
      begun.push(rig.clock.now().mono - 1000);
      if (begun.length === 1) throw new Error("no pidfd");
      return begun.length === 2 ? Promise.reject(new Error("no /proc")) : Promise.resolve();
    },
  });
  await rig.clock.advance(190_000);
  assert.deepEqual(begun, [0, 1000, 3000, 7000, 15_000, 31_000, 63_000, 123_000, 183_000]);
  assert.equal(progress.restarts, 9);
  for (const reason of ["no pidfd", "no /proc", "it ended by itself"]) assert.ok(rig.logged(reason).length > 0, reason);
  stop.abort();
  await ended;
  rig.store.close();
});

test("whether sensing runs, since when, and why it failed last, is known", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  let times = 0;
  const { stop, ended, progress } = start(rig, {
    sense: async (_observe, signal) => {
      times += 1;
      await rig.clock.sleep(times === 1 ? 500 : 1_000_000, signal).catch(() => undefined);
      if (times === 1) throw new Error("no pidfd");
    },
  });
  const began = rig.clock.now();
  const since = () => progress.sensingSince?.mono;
  assert.equal(since(), began.mono);
  await rig.clock.advance(700);
  assert.equal(since(), undefined);
  assert.deepEqual(progress.lastFailure, {
    at: { wall: began.wall + 500, mono: began.mono + 500 },
    reason: "no pidfd",
  });
  await rig.clock.advance(1000);
  assert.equal(since(), began.mono + 1500);
  stop.abort();
  await ended;
  rig.store.close();
});

test("an effect is known for as long as it is under way", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const { promise: acted, resolve: finish } = Promise.withResolvers<void>();
  const { stop, ended, progress } = start(rig, {
    sense: (observe, signal) => {
      observe("hang");
      return untilAbort(signal);
    },
    act: () => acted,
  });
  await rig.clock.advance(5000);
  assert.deepEqual(
    [...progress.acting].map(({ kind, since }) => [kind, rig.clock.now().mono - since.mono]),
    [["hang", 5000]],
  );
  finish();
  await settle();
  assert.equal(progress.acting.size, 0);
  stop.abort();
  await ended;
  rig.store.close();
});

test("after a good run the delay is the first one again", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const begun: number[] = [];
  const { stop, ended } = start(rig, {
    sense: async (_observe, signal) => {
      begun.push(rig.clock.now().mono - 1000);
      if (begun.length === 3) await rig.clock.sleep(120_000, signal);
      throw new Error("broken");
    },
  });
  await rig.clock.advance(125_000);
  assert.deepEqual(begun, [0, 1000, 3000, 124_000]);
  stop.abort();
  await ended;
  rig.store.close();
});

test("a decision that throws restarts sensing; the old sensing is aborted and no longer listened to", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const observers: ((seen: string) => void)[] = [];
  const aborted: boolean[] = [];
  const { stop, ended, progress } = start(rig, {
    sense: async (observe, signal) => {
      observers.push(observe);
      await untilAbort(signal);
      aborted.push(true);
    },
  });
  observers[0]?.("a");
  observers[0]?.("poison");
  observers[0]?.("b");
  await rig.clock.advance(1000);
  assert.deepEqual([observers.length, aborted.length, progress.failedDecisions, progress.restarts], [2, 1, 1, 1]);
  observers[0]?.("c");
  observers[1]?.("d");
  await settle();
  assert.equal(rig.logged("a on host-1").length + rig.logged("d on host-1").length, 2);
  assert.equal(rig.logged("b on host-1").length + rig.logged("c on host-1").length, 0);
  stop.abort();
  await ended;
  rig.store.close();
});

test("sensing and effects that ignore the abort do not hold up the end for ever", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const { stop, isOver } = start(rig, {
    sense: (observe) => {
      observe("hang");
      return new Promise(() => undefined);
    },
    act: () => new Promise(() => undefined),
  });
  stop.abort();
  await rig.clock.advance(15_000);
  assert.equal(isOver(), true);
  assert.equal(rig.logged("abandoned").length, 2);
  rig.store.close();
});
