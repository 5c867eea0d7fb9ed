import assert from "node:assert/strict";
import { test } from "node:test";
import { type Armed, ArmedHistory, obstacles } from "../../../src/status/armed.ts";
import { armedRoutes } from "../../../src/status/armed-routes.ts";
import { Conditions, type Effect } from "../../../src/status/conditions.ts";
import type { Facts } from "../../../src/status/facts.ts";
import { type ChangedFacts, factsWith, NOW } from "../../support/health-facts.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const condition = (effect: Effect | undefined, since: number) => ({
  problem: "it is away",
  consequence: "nothing is done",
  severity: "degraded" as const,
  ...(effect !== undefined && { effect }),
  since: { wall: 0, mono: since },
});
const trouble = { reason: "connection refused", since: NOW - 5000 };

for (const [what, changes, effect] of [
  ["nothing is wrong", {}, undefined],
  ["a problem that concerns only a part", { conditions: new Map([["agents", condition(undefined, 1)]]) }, undefined],
  ["a condition that holds", { conditions: new Map([["quorum", condition("held", 1)]]) }, "held"],
  ["a condition that disarms", { conditions: new Map([["host", condition("disarmed", 1)]]) }, "disarmed"],
  ["Masakari does not answer", { outbox: { outage: trouble } }, "held"],
  ["there is no login", { outbox: { login: trouble } }, "held"],
  ["the API cannot be found", { outbox: { unreachable: trouble } }, "held"],
  ["sensing failed", { loop: { sensingSince: undefined, lastFailure: trouble } }, "blind"],
  ["sensing is stuck", { loop: { sensingSince: 1, lastObservation: 1 } }, "blind"],
  ["nothing was observed yet", { loop: { observations: 0 } }, "blind"],
] as const satisfies readonly (readonly [string, ChangedFacts, Effect | undefined])[]) {
  test(`${what}: ${effect ?? "armed"}`, () => {
    assert.equal(obstacles(factsWith(changes), NOW)[0]?.effect, effect);
  });
}

test("the worst comes first, and of the same effect the oldest", () => {
  const conditions = new Map([
    ["a", condition("held", 1)],
    ["b", condition("disarmed", 3)],
    ["c", condition("disarmed", 2)],
  ]);
  const found = obstacles(factsWith({ conditions, loop: { observations: 0 } }), NOW);
  assert.deepEqual(
    found.map(({ effect, since }) => [effect, since]),
    [
      ["blind", NOW - 3_600_000],
      ["disarmed", 2],
      ["disarmed", 3],
      ["held", 1],
    ],
  );
});

/** A monitor whose conditions change. */
function monitor() {
  const clock = new VirtualClock({ wall: Date.UTC(2026, 10, 28), mono: NOW });
  const conditions = new Conditions(clock);
  const loop = { sensingSince: NOW, lastObservation: undefined, silenceLimitMs: undefined };
  const facts = (): Facts => factsWith({ conditions: conditions.all, loop });
  const set = (name: string, effect: Effect, problem: string | undefined) =>
    conditions.set({ name, consequence: "c", effect }, problem);
  return { clock, set, facts, history: new ArmedHistory(facts, clock) };
}

test("since when it is so: of a worse state since its problem, of a better one since the worse ended, of the same unchanged", async () => {
  const { clock, set, history } = monitor();
  const stop = new AbortController();
  const watching = history.watch(stop.signal, new KeptLog());
  assert.deepEqual(history.current, { state: "armed", reason: undefined, since: NOW });

  await clock.advance(100_000);
  set("quorum", "held", "no quorum");
  await clock.advance(60_000);
  assert.deepEqual(history.current, { state: "held", reason: "c: no quorum", since: NOW + 100_000 });
  set("host", "disarmed", "on maintenance");
  await clock.advance(60_000);
  const disarmed = { state: "disarmed", reason: "c: on maintenance (and 1 more, see status)", since: NOW + 160_000 };
  assert.deepEqual(history.current, disarmed);
  set("host", "disarmed", undefined);
  const held: Armed = history.current;
  await clock.advance(60_000);
  assert.deepEqual(held, { state: "held", reason: "c: no quorum", since: NOW + 220_000 });
  set("quorum", "held", "it is not known whether there is quorum");
  const other: Armed = history.current;
  assert.equal(other.since, NOW + 220_000, "another reason is the same state");
  set("quorum", "held", undefined);
  await clock.advance(60_000);
  assert.deepEqual(history.current, { state: "armed", reason: undefined, since: NOW + 285_000 }, "at the next look");
  stop.abort();
  await watching;
  assert.equal(clock.timers, 0);
});

test("live until only a restart helps; ready while a failure would be noticed, whether or not Masakari answers", async () => {
  const request = { query: undefined, body: () => Promise.resolve(undefined) };
  const ask = async (changes: ChangedFacts) => {
    const facts = () => factsWith(changes);
    const clock = new VirtualClock({ wall: 0, mono: NOW });
    const armed = new ArmedHistory(facts, clock);
    const routes = armedRoutes({ armed: () => armed.current, facts, now: () => clock.now() });
    const status = async (path: string) => (await routes[path]?.handle(request))?.status;
    return [await status("/live"), await status("/ready"), await status("/armed")];
  };
  assert.deepEqual(await ask({}), [200, 200, 200]);
  assert.deepEqual(await ask({ outbox: { login: trouble } }), [200, 200, 200]);
  assert.deepEqual(await ask({ conditions: new Map([["host", condition("disarmed", 1)]]) }), [200, 200, 200]);
  assert.deepEqual(await ask({ conditions: new Map([["libvirt", condition("blind", 1)]]) }), [200, 503, 200]);
  assert.deepEqual(await ask({ loop: { observations: 0 } }), [200, 503, 200]);
  assert.deepEqual(await ask({ loop: { sensingSince: 1, lastObservation: 1 } }), [503, 503, 200]);
});

test("facts that cannot be had for a while are logged once, and the state is looked at again afterwards", async () => {
  const { clock, facts } = monitor();
  let isBroken = true;
  const history = new ArmedHistory(() => (isBroken ? assert.fail("no facts") : facts()), clock);
  const log = new KeptLog();
  const stop = new AbortController();
  const watching = history.watch(stop.signal, log);
  await clock.advance(20_000);
  assert.deepEqual(log.lines, [
    "error Defect: finding out whether a monitor is armed failed: no facts; please report this line",
  ]);
  isBroken = false;
  await clock.advance(10_000);
  assert.ok(history.current.since <= NOW + 25_000, "nobody has looked");
  stop.abort();
  await watching;
});
