import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Decision, Monitor } from "../../../src/monitor/contract.ts";
import { Loop } from "../../../src/monitor/loop.ts";
import { noProgress } from "../../../src/monitor/progress.ts";
import { openStateFile, type StateFile } from "../../../src/notify/state-file.ts";
import type { Clock } from "../../../src/system/clock.ts";
import { OutboxRig, stateDirectory, stopped } from "../../support/outbox-rig.ts";

type Decide = (state: readonly string[], seen: string) => Decision<readonly string[], { readonly kind: "none" }>;

/** A loop whose every decision takes so much of its clock. */
function slowLoop(t: TestContext, decisionMs: number, decide: Decide) {
  let writes = 0;
  const open = (path: string): StateFile => {
    const file = openStateFile(path);
    return {
      load: () => file.load(),
      read: (id) => file.read(id),
      ended: () => file.ended(),
      close: () => file.close(),
      write: (batch) => {
        writes += 1;
        file.write(batch);
      },
    };
  };
  const rig = new OutboxRig(stateDirectory(t), { open });
  t.after(() => rig.store.close());
  let workedMs = 0;
  const clock: Clock = {
    now: () => ({ wall: rig.clock.now().wall, mono: rig.clock.now().mono + workedMs }),
    setTimer: (delayMs, callback) => rig.clock.setTimer(delayMs, callback),
    sleep: (delayMs, signal) => rig.clock.sleep(delayMs, signal),
  };
  const monitor: Monitor<readonly string[], string, { readonly kind: "none" }> = {
    name: "testmonitor",
    initial: [],
    restore: () => undefined,
    decide: (state, seen) => {
      workedMs += decisionMs;
      return decide(state, seen);
    },
    woke: (key) => key,
    sense: () => Promise.resolve(),
    act: () => Promise.resolve(),
  };
  const failures: unknown[] = [];
  const stop = new AbortController();
  const { store, outbox, log } = rig;
  const parts = { store, outbox, log, clock, progress: noProgress() };
  const loop = new Loop(monitor, parts, stop.signal, (error) => failures.push(error));
  loop.start();
  return { rig, loop, stop, failures, writes: () => writes };
}

test("a flood leaves the rest of the program its turn, is decided in order, and shares transactions", async (t) => {
  const decided: string[] = [];
  const { rig, loop, writes } = slowLoop(t, 5, (_, seen) => {
    decided.push(seen);
    return { state: [seen], effects: [{ kind: "notify", subject: seen, notification: stopped("a") }] };
  });
  const flood = Array.from({ length: 2000 }, (_, at) => `process:${at}`);
  for (const one of flood) loop.observe(one);
  assert.ok(decided.length < 20, `${decided.length} were decided without a pause`);
  let turns = 0;
  for (; decided.length < flood.length; turns += 1) await turn();
  await loop.settled();
  assert.deepEqual(decided, flood);
  assert.ok(turns >= 10, `the rest of the program had ${turns} turns`);
  assert.ok(writes() < 200, `${writes()} writes`);
  assert.equal(rig.outbox.pendingCount, flood.length);
});

test("of a flood that waits, what cannot be decided is left out; what was observed before the end is decided", async (t) => {
  const { rig, loop, stop, failures } = slowLoop(t, 100, (state, seen) => {
    if (seen === "bad") throw new TypeError("cannot read x of undefined");
    return { state: [...state, seen], effects: [] };
  });
  for (const one of ["one", "two", "bad", "three"]) loop.observe(one);
  stop.abort();
  loop.observe("too late");
  await loop.settled();
  assert.deepEqual(JSON.parse(rig.store.saved("testmonitor") ?? ""), ["one", "two", "three"]);
  assert.equal(failures.length, 1);
});

test("more than can wait is refused, and sensing starts again, once", async (t) => {
  let decided = 0;
  const { loop, failures } = slowLoop(t, 1, (state) => {
    decided += 1;
    return { state, effects: [] };
  });
  for (let count = 0; count < 60_000; count++) loop.observe("x");
  assert.match(String(failures), /^Error: 50000 observations are waiting to be processed/);
  await loop.settled();
  assert.ok(decided >= 50_000 && decided < 60_000, `${decided} were decided`);
});
