import assert from "node:assert/strict";
import { test } from "node:test";
import type { Monitor } from "../../../src/monitor/contract.ts";
import { Loop } from "../../../src/monitor/loop.ts";
import { noProgress } from "../../../src/monitor/progress.ts";
import type { Instant } from "../../../src/system/clock.ts";
import { delivered, OutboxRig, stateDirectory, stopped } from "../../support/outbox-rig.ts";

interface Observation {
  readonly at: Instant;
  readonly isFailure: boolean;
}

test("each notification is timed from its observation to the outbox, and from there to its delivery", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  t.after(() => rig.store.close());
  const { clock, outbox } = rig;
  const monitor: Monitor<0, Observation, never> = {
    name: "testmonitor",
    initial: 0,
    restore: () => 0,
    decide: (state, { isFailure }) => ({
      state,
      effects: isFailure ? [{ kind: "notify", subject: "process:a", notification: stopped("a") }] : [],
    }),
    woke: (_, at) => ({ at, isFailure: false }),
    sense: () => Promise.resolve(),
    act: () => Promise.resolve(),
  };
  const stop = new AbortController();
  const progress = noProgress();
  const loop = new Loop(monitor, { ...rig, progress }, stop.signal, () => assert.fail());
  loop.start();
  const seen = clock.now();
  await clock.advance(40);
  loop.observe({ at: seen, isFailure: true });
  loop.observe({ at: seen, isFailure: false });
  assert.deepEqual([progress.decisionLatency.counts.count, progress.decisionLatency.counts.sumSeconds], [1, 0.04]);

  assert.equal(outbox.deliveryLatency.counts.count, 0);
  await clock.advance(2000);
  const delivery = rig.dispatcher(() => Promise.resolve(delivered)).run(stop.signal);
  await clock.advance(0);
  assert.deepEqual([outbox.deliveryLatency.counts.count, outbox.deliveryLatency.counts.sumSeconds], [1, 2]);
  stop.abort();
  await delivery;
});
