import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterObservation } from "../../../src/host/driver.ts";
import { LookSchedule } from "../../../src/host/look-schedule.ts";
import type { Clock } from "../../../src/system/clock.ts";

const INTERVAL_MS = 60_000;

/** A clock on which each sleep passes at once and is recorded, after `onSleep` was called. */
function recordingClock(): { readonly clock: Clock; readonly slept: number[] } {
  const slept: number[] = [];
  let mono = 0;
  const clock: Clock = {
    now: () => ({ wall: mono, mono }),
    setTimer: () => ({ cancel: () => undefined }),
    sleep: (ms, signal) => {
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      slept.push(ms);
      mono += ms;
      return Promise.resolve();
    },
  };
  return { clock, slept };
}

function observation(clock: Clock, change: Partial<ClusterObservation> = {}): ClusterObservation {
  return {
    kind: "cluster",
    at: clock.now(),
    self: { name: "node1", stable: "yes" },
    quorum: "yes",
    heartbeat: "heard",
    interrupted: false,
    complete: true,
    hosts: [{ name: "node3", kind: "member", state: "online" }],
    maintenance: { cluster: "no" },
    fencing: [],
    problems: [],
    ...change,
  };
}

const total = (slept: readonly number[]): number => slept.reduce((sum, ms) => sum + ms, 0);

test("all is well: the next look comes at the interval", async () => {
  const { clock, slept } = recordingClock();
  await new LookSchedule(clock, () => INTERVAL_MS).untilNext(observation(clock), new AbortController().signal);
  assert.ok(total(slept) >= INTERVAL_MS && total(slept) <= INTERVAL_MS + 100);
});

test("after an event: at once, then several times within seconds, then at the interval again", async () => {
  const { clock, slept } = recordingClock();
  const schedule = new LookSchedule(clock, () => INTERVAL_MS);
  schedule.event();
  const { signal } = new AbortController();
  await schedule.untilNext(observation(clock), signal);
  assert.ok(total(slept) < 100);
  for (let looks = 0; looks < 6; looks += 1) await schedule.untilNext(observation(clock), signal);
  assert.ok(total(slept) < 10_000);
  await schedule.untilNext(observation(clock), signal);
  assert.ok(total(slept) > INTERVAL_MS);
});

const unsettled: Readonly<Record<string, Partial<ClusterObservation>>> = {
  "a host that is joining": { hosts: [{ name: "node3", kind: "member", state: "unstable" }] },
  "this host not settled": { self: { name: "node1", stable: "no", reason: "S_ELECTION" } },
  "fencing under way": {
    hosts: [{ name: "node3", kind: "member", state: "offline", departure: "crash" }],
    fencing: [{ id: "1", target: "node3", action: "off", status: "pending", byHand: false, requestedBy: "cluster" }],
  },
};

for (const [what, change] of Object.entries(unsettled)) {
  test(`${what}: looks come soon, and less and less often while nothing changes`, async () => {
    const { clock, slept } = recordingClock();
    const schedule = new LookSchedule(clock, () => INTERVAL_MS);
    const { signal } = new AbortController();
    await schedule.untilNext(observation(clock, change), signal);
    assert.ok(total(slept) < 3000);
    for (let looks = 0; looks < 80; looks += 1) await schedule.untilNext(observation(clock, change), signal);
    assert.ok((slept.at(-1) ?? 0) === INTERVAL_MS);
  });
}

test("the end of a fencing is seen soon, however long it takes, also after an event", async () => {
  const { clock, slept } = recordingClock();
  const schedule = new LookSchedule(clock, () => INTERVAL_MS);
  const { signal } = new AbortController();
  schedule.event();
  for (let looks = 0; looks < 30; looks += 1) {
    const before = total(slept);
    await schedule.untilNext(observation(clock, unsettled["fencing under way"]), signal);
    assert.ok(total(slept) - before <= 400 + before / 8, `${before} ms after the loss`);
  }
  assert.ok(total(slept) > 20_000);
});

test("a request during the wait ends it", async () => {
  const { clock } = recordingClock();
  let wake = (): void => undefined;
  const waiting: Clock = {
    ...clock,
    sleep: (ms, signal) =>
      ms < 1000
        ? Promise.resolve()
        : new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason as Error));
            wake();
          }),
  };
  const schedule = new LookSchedule(waiting, () => INTERVAL_MS);
  wake = () => schedule.lookNow();
  await schedule.untilNext(observation(clock), new AbortController().signal);
});

test("an event during a look that takes long is looked at at once, but many events do not make looks follow each other without a rest", async () => {
  const { clock, slept } = recordingClock();
  const schedule = new LookSchedule(clock, () => INTERVAL_MS);
  const { signal } = new AbortController();
  const rests: number[] = [];
  for (let looks = 0; looks < 10; looks += 1) {
    const before = observation(clock);
    await clock.sleep(1000, signal);
    schedule.event();
    slept.length = 0;
    await schedule.untilNext(before, signal);
    rests.push(total(slept));
  }
  assert.equal(rests[0], 50);
  assert.equal(total(rests), 10 * 500);
});

test("a look during which this program was suspended for an hour: the next one comes within seconds if it is asked for", async () => {
  const { clock, slept } = recordingClock();
  const schedule = new LookSchedule(clock, () => INTERVAL_MS);
  const before = observation(clock);
  await clock.sleep(3_600_000, new AbortController().signal);
  slept.length = 0;
  schedule.lookNow();
  await schedule.untilNext(before, new AbortController().signal);
  assert.ok(total(slept) <= 5000);
});
