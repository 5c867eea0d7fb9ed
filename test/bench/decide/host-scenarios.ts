import type { ClusterObservation, HostObservation } from "../../../src/host/driver.ts";
import { hostMonitor } from "../../../src/host/monitor.ts";
import type { HostMonitorObservation } from "../../../src/host/observation.ts";
import type { Monitor, OwnEffect } from "../../../src/monitor/contract.ts";
import { SETTINGS } from "../../support/host-cluster.ts";
import type { Feed, Parts, Scenario, Untimed } from "./scenarios.ts";

/** So many states of hosts are looked at, in looks at all of them, whatever their number is. */
const STATES = 20_000;
/** How often the power of the lost host is checked. */
const CHECKS = 500;
/** Longer than the longest pause between two checks. */
const PAUSE_MS = 301_000;

const nameOf = (number: number): string => `compute-${number}`;

function makeMonitor(parts: Parts): Monitor<unknown, unknown, OwnEffect> {
  const none = { findHosts: () => Promise.reject(new Error("none")) } as never;
  return hostMonitor({
    ...{ ...parts, driver: none, api: none, askNova: none, settings: SETTINGS },
    checkPower: () => Promise.reject(new Error("none")),
    readOrders: () => Promise.resolve({}),
    segmentsEveryMs: () => 600_000,
  }) as unknown as Monitor<unknown, unknown, OwnEffect>;
}

function look(size: number, lost: number, interrupted: boolean): Untimed<ClusterObservation> {
  const hosts = Array.from({ length: size }, (_, number): HostObservation => {
    const isLost = number < lost;
    return {
      ...{ name: nameOf(number), kind: "member", state: isLost ? "offline" : "online", incarnation: "1" },
      ...{ reason: isLost ? "crmd offline" : "online", departure: "unknown" },
      ...{ stopping: false, maintenance: "no", standby: "no" },
    };
  });
  return {
    ...{
      kind: "cluster",
      self: { name: "node1", stable: "yes" },
      quorum: "yes",
      heartbeat: "heard",
      interrupted,
      hosts,
    },
    ...{ complete: true, maintenance: { cluster: "no" }, fencing: [], problems: [] },
  };
}

/** All hosts are up at the latest of some looks. */
async function begin({ clock, observe }: Feed<HostMonitorObservation>, size: number): Promise<void> {
  observe({ kind: "started", bootId: "boot-1", settings: SETTINGS });
  observe({ kind: "orders", orders: {} });
  for (let number = 0; number < 3; number += 1) {
    observe(look(size, 0, number === 0));
    await clock.advance(60_000);
  }
}

/** Looks at a cluster in which nothing happens. What a host costs is what is compared: a look is one observation of all of them. */
const looks: Scenario<HostMonitorObservation> = {
  make: makeMonitor,
  subjectsPerObservation: (size) => size,
  begin,
  async continue({ clock, observe }, size) {
    for (let number = 0; number < STATES / size; number += 1) {
      observe(look(size, 0, false));
      await clock.advance(60_000);
    }
  },
};

/** A host is lost, and its BMC does not respond. */
const checks: Scenario<HostMonitorObservation> = {
  make: makeMonitor,
  async begin(feed, size) {
    await begin(feed, size);
    feed.observe(look(size, 1, false));
    await feed.clock.advance(PAUSE_MS);
  },
  async continue({ clock, observe }) {
    const [host, reason] = [nameOf(0), "no response within 5 s"];
    for (let number = 0; number < CHECKS; number += 1) {
      observe({ kind: "powerChecked", host, devices: 1, result: { power: "unknown", reason } });
      await clock.advance(PAUSE_MS);
    }
  },
};

export const hostScenarios: Readonly<Record<string, Scenario>> = {
  "hostmonitor, a host of a look": looks,
  "hostmonitor, a check of a lost host": checks,
};
