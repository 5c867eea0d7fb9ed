import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterObservation, HostDriver } from "../../../src/host/driver.ts";
import { hostMonitor } from "../../../src/host/monitor.ts";
import type { HostMonitorObservation } from "../../../src/host/observation.ts";
import { SETTINGS } from "../../support/host-cluster.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** A monitor whose driver hands over what the test gives it, and what it observes. */
function sensing() {
  const clock = new VirtualClock();
  const ending = new AbortController();
  let observeCluster: (observation: ClusterObservation) => void = () => undefined;
  const driver: HostDriver = {
    name: "test",
    sense: async (observe, signal) => {
      observeCluster = observe;
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
    lookNow: () => undefined,
  };
  const monitor = hostMonitor({
    settings: SETTINGS,
    driver,
    api: {
      segmentHosts: () => Promise.resolve({ hosts: [], restMs: 0 }),
      findReport: () => Promise.resolve({ isNotified: false }),
    },
    askNova: () => Promise.reject(new Error("not asked")),
    checkPower: () => Promise.resolve({ power: "unknown", reason: "not asked" }),
    readOrders: () => Promise.resolve({}),
    segmentsEveryMs: () => 600_000,
    random: () => 0,
    bootId: "boot",
    clock,
    log: new KeptLog(),
  });
  const observed: HostMonitorObservation[] = [];
  const running = monitor.sense((observation) => observed.push(observation), ending.signal);
  return {
    clock,
    monitor,
    observed,
    look: () => observeCluster({ kind: "cluster" } as ClusterObservation),
    ending,
    running,
  };
}

const kinds = (observed: readonly HostMonitorObservation[]): readonly string[] => observed.map(({ kind }) => kind);

test("what arrives first after this program was suspended is observed after the suspension", async () => {
  const { clock, observed, look, ending, running } = sensing();
  await clock.advance(1000);
  look();
  assert.ok(!kinds(observed).includes("stalled"));
  observed.length = 0;
  clock.stall(30_000);
  look();
  assert.deepEqual(kinds(observed), ["stalled", "cluster"]);
  const [stalled] = observed;
  assert.ok(stalled?.kind === "stalled" && stalled.forMs >= 29_000);
  ending.abort();
  await running;
});

test("a wake that was due meanwhile shows it, and is not lost", async () => {
  const { clock, monitor, ending, running } = sensing();
  await clock.advance(1000);
  assert.equal(monitor.woke?.("report:node2", clock.now()).kind, "woke");
  clock.stall(30_000);
  const woke = monitor.woke?.("report:node2", clock.now());
  assert.ok(woke?.kind === "stalled" && woke.key === "report:node2");
  ending.abort();
  await running;
});

test("while nothing is sensed, a late wake is only a wake", async () => {
  const { clock, monitor, ending, running } = sensing();
  ending.abort();
  await running;
  clock.stall(30_000);
  assert.equal(monitor.woke?.("report:node2", clock.now()).kind, "woke");
});
