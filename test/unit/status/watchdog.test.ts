import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Facts } from "../../../src/status/facts.ts";
import type { ServiceManager } from "../../../src/status/service-manager.ts";
import { runWatchdog } from "../../../src/status/watchdog.ts";
import { factsWith, NOW } from "../../support/health-facts.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** Two monitors under a service manager that records what it receives. */
function scene(context: TestContext, watchdogMs: number | undefined) {
  const clock = new VirtualClock({ wall: 0, mono: NOW });
  const log = new KeptLog();
  const sent: string[] = [];
  const manager: ServiceManager = {
    watchdogMs,
    ready: () => undefined,
    reloading: () => undefined,
    stopping: () => undefined,
    status: (text) => sent.push(text),
    alive: () => sent.push("alive"),
  };
  const lively = (): Facts => factsWith({ loop: { lastObservation: clock.now().mono } });
  const second = { facts: lively };
  const monitors = [
    { name: "processmonitor", facts: lively },
    { name: "instancemonitor", facts: () => second.facts() },
  ];
  const stop = new AbortController();
  const watching = runWatchdog({ monitors, manager, clock, log }, stop.signal);
  context.after(async () => {
    stop.abort();
    await watching;
    assert.equal(clock.timers, 0);
  });
  return { clock, log, sent, lively, second };
}

const CONSEQUENCE = "the guests are not monitored";
test("the status line is sent when it changes, and only then", async (t) => {
  const { clock, sent, lively, second } = scene(t, undefined);
  await clock.advance(60_000);
  assert.deepEqual(sent, ["ok"]);
  second.facts = () => ({
    ...lively(),
    outbox: factsWith({ outbox: { login: { reason: "wrong password", since: NOW } } }).outbox,
  });
  await clock.advance(60_000);
  second.facts = lively;
  await clock.advance(60_000);
  assert.deepEqual(sent, ["ok", "degraded: instancemonitor: cannot log in: wrong password", "ok"]);
});

test("the watchdog is fed at half its time", async (t) => {
  const { clock, sent } = scene(t, 60_000);
  await clock.advance(120_000);
  assert.equal(sent.filter((one) => one === "alive").length, 5);
});

test("a watchdog of less than the look's time is fed in time too", async (t) => {
  const { clock, sent } = scene(t, 2000);
  await clock.advance(10_000);
  assert.equal(sent.filter((one) => one === "alive").length, 11);
});

test("one monitor that is stuck stops the watchdog messages, and is logged once", async (t) => {
  const { clock, sent, log, lively, second } = scene(t, 60_000);
  const stuckAt = NOW;
  second.facts = () => factsWith({ loop: { lastObservation: stuckAt } });
  await clock.advance(65_000);
  const before = sent.filter((one) => one === "alive").length;
  await clock.advance(600_000);
  assert.equal(sent.filter((one) => one === "alive").length, before);
  assert.equal(log.lines.length, 1);
  assert.match(log.lines[0] ?? "", /^critical instancemonitor is stuck/);
  second.facts = lively;
  await clock.advance(5000);
  assert.equal(sent.at(-1), "alive");
});

test("libvirt or the API being unavailable, or a restart of sensing, does not stop them: restarting the program would fix none of it", async (t) => {
  const { clock, sent, second } = scene(t, 60_000);
  second.facts = () =>
    factsWith({
      conditions: new Map([
        [
          "libvirt",
          {
            problem: "connection refused",
            consequence: CONSEQUENCE,
            severity: "degraded",
            since: { wall: 0, mono: NOW },
          },
        ],
      ]),
      loop: { lastObservation: NOW, silenceLimitMs: undefined },
      outbox: { outage: { reason: "connection refused", since: NOW } },
    });
  await clock.advance(600_000);
  second.facts = () =>
    factsWith({ loop: { lastObservation: NOW, sensingSince: undefined, lastFailure: { reason: "x", since: NOW } } });
  await clock.advance(600_000);
  assert.equal(sent.filter((one) => one === "alive").length, 41);
});
