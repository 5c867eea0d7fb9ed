import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiCheck } from "../../../src/notify/api-check.ts";
import type { DeliveryResult } from "../../../src/notify/delivery.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { delivered, OutboxRig, refused, stateDirectory, stopped } from "../../support/outbox-rig.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** A check whose way to Masakari fails for the reason in `problem`. */
function checking(initially: { problem?: string; login?: boolean } = {}) {
  const clock = new VirtualClock();
  const log = new KeptLog();
  const began = clock.now().mono;
  const state: { problem: string | undefined; login: boolean; outage: boolean } = {
    problem: undefined,
    login: false,
    outage: false,
    ...initially,
  };
  const seconds: number[] = [];
  let reached = 0;
  const check = new ApiCheck({
    check: () => {
      seconds.push((clock.now().mono - began) / 1000);
      return state.problem === undefined ? Promise.resolve() : Promise.reject(new Error(state.problem));
    },
    isLoginTrouble: () => state.login,
    isOutage: () => state.outage,
    onReached: () => {
      reached += 1;
    },
    everyMs: 600_000,
    clock,
    log,
    random: () => 0,
  });
  const stop = new AbortController();
  const done = check.run(stop.signal);
  const end = async () => {
    stop.abort();
    await done;
    assert.equal(clock.timers, 0);
  };
  return { clock, log, check, state, seconds, reached: () => reached, end };
}

test("Masakari is looked for at the start and every 10 minutes", async () => {
  const { clock, check, seconds, log, end } = checking();
  await clock.advance(1_800_000);
  assert.deepEqual(seconds, [0, 600, 1200, 1800]);
  assert.equal(check.trouble, undefined);
  assert.deepEqual(log.lines, []);
  await end();
});

test("what keeps it from being reached is known until it is gone, logged once, and tried again by itself", async () => {
  const { clock, check, seconds, log, state, end } = checking({ problem: "no endpoint" });
  const since = clock.now();
  await clock.advance(200_000);
  assert.deepEqual(seconds, [0, 5, 15, 35, 75, 135, 195]);
  assert.deepEqual(check.trouble, { since, reason: "no endpoint" });
  state.problem = "connection refused";
  await clock.advance(60_000);
  assert.deepEqual(check.trouble, { since, reason: "connection refused" });
  state.problem = undefined;
  await clock.advance(60_000);
  assert.equal(check.trouble, undefined);
  assert.deepEqual(log.lines, [
    "warning Masakari cannot be reached, so no notification could be sent; retrying until it can be: no endpoint",
    "info Masakari can be reached again",
  ]);
  assert.equal(seconds.length, 9);
  await clock.advance(590_000);
  assert.equal(seconds.length, 9);
  await end();
});

test("a response to a notification ends the trouble", async () => {
  const { clock, check, end } = checking({ problem: "the version document is not Masakari's" });
  await clock.advance(0);
  check.responded();
  assert.equal(check.trouble, undefined);
  await end();
});

test("a missing login is not logged twice", async () => {
  const { clock, check, log, end } = checking({ problem: "wrong password", login: true });
  await clock.advance(100_000);
  assert.equal(check.trouble, undefined);
  assert.deepEqual(log.lines, []);
  await end();
});

test("an attempt that failed has the API checked at once, and then at least every minute until one succeeds", async () => {
  const { clock, check, state, seconds, log, end } = checking();
  await clock.advance(100_000);
  [state.outage, state.problem] = [true, "connection refused"];
  for (let count = 0; count < 10; count += 1) check.failed();
  await clock.advance(200_000);
  assert.deepEqual(seconds, [0, 100, 105, 115, 135, 175, 235, 295]);
  assert.deepEqual(log.lines, [], "the attempts log it");
  [state.outage, state.problem] = [false, undefined];
  await clock.advance(600_000);
  assert.equal(seconds.length, 9);
  await end();
});

test("an outage ends although the last notification that waited was superseded and nothing is sent any more", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  t.after(() => rig.store.close());
  let outcome: DeliveryResult = refused;
  const dispatcher = rig.dispatcher(() => Promise.resolve(outcome));
  const stop = new AbortController();
  const running = dispatcher.run(stop.signal);
  rig.outbox.add("process:a", stopped("a"));
  await rig.clock.advance(0);
  assert.notEqual(dispatcher.status.failingSince, undefined);
  dispatcher.reached();
  assert.notEqual(dispatcher.status.failingSince, undefined, "while one waits, only its own attempt can show it");

  rig.outbox.supersede("process:a", "it runs again");
  assert.notEqual(dispatcher.status.failingSince, undefined);
  dispatcher.reached();
  assert.equal(dispatcher.status.failingSince, undefined);
  outcome = delivered;
  stop.abort();
  await running;
});
