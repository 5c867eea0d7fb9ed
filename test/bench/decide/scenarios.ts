import { instanceMonitor } from "../../../src/instance/monitor.ts";
import type { InstanceObservation } from "../../../src/instance/observation.ts";
import { introspectiveMonitor } from "../../../src/introspective/monitor.ts";
import type { IntrospectiveObservation } from "../../../src/introspective/observation.ts";
import type { Monitor, OwnEffect } from "../../../src/monitor/contract.ts";
import { processMonitor } from "../../../src/process/monitor.ts";
import type { ProcessObservation } from "../../../src/process/observation.ts";
import type { Clock } from "../../../src/system/clock.ts";
import type { Logger } from "../../../src/system/log.ts";
import { plainSettings as guestSettings } from "../../support/introspective-world.ts";
import { entryNamed, plainSettings } from "../../support/process-entries.ts";
import type { VirtualClock } from "../../support/virtual-clock.ts";
import { hostScenarios } from "./host-scenarios.ts";

export interface Parts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly bootId: string;
}

/** What one monitor is fed with. */
export interface Scenario<Observation = unknown> {
  /** How many subjects an observation is about; one if not given. */
  subjectsPerObservation?(size: number): number;
  make(parts: Parts): Monitor<unknown, unknown, OwnEffect>;
  /** Has so many subjects known and well. */
  begin(feed: Feed<Observation>, size: number): void | Promise<void>;
  /** Observations about one subject after the other. */
  continue(feed: Feed<Observation>, size: number): Promise<void>;
}

/** An observation without its time. */
export type Untimed<Observation> = Observation extends unknown ? Omit<Observation, "at"> : never;

export interface Feed<Observation> {
  readonly clock: Pick<VirtualClock, "advance">;
  /** The time is the clock's. */
  observe(observation: Untimed<Observation>): void;
}

const bootId = "boot-1";
const uuidOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const nameOf = (number: number): string => `instance-${number.toString(16).padStart(8, "0")}`;
const upTo = (size: number): number[] => Array.from({ length: size }, (_, number) => number + 1);
/** Every monitor's own types end here: what is observed is plain data. */
const asAny = (monitor: unknown) => monitor as Monitor<unknown, unknown, OwnEffect>;

/** How many subjects have something happen to them, one after the other; the same number whatever the size. */
const ROUNDS = 500;

const instanceSettings = {
  hostname: "compute-1",
  notify_guest_panic: false,
  collapse_window: 0,
  qemu_log_directory: "/nonexistent",
};

/** A guest fails, and is started again: a notification, and its withdrawal. */
const instance: Scenario<InstanceObservation> = {
  make: (parts) => asAny(instanceMonitor({ ...parts, settings: instanceSettings, connectionUri: "qemu:///system" })),
  begin({ observe }, size) {
    observe({ kind: "started", bootId, settings: instanceSettings });
    observe({ kind: "connected" });
    observe({ kind: "looking" });
    const looks = upTo(size).map((number) => ({
      ...{ uuid: uuidOf(number), name: nameOf(number), id: number, transient: false },
      ...{ state: "RUNNING", reason: "BOOTED", after: 0 },
    }));
    observe({ kind: "snapshot", again: false, after: 0, looks });
  },
  async continue({ clock, observe }, size) {
    for (let round = 0; round < ROUNDS; round++) {
      const number = (round % size) + 1;
      const guest = { uuid: uuidOf(number), name: nameOf(number), id: number };
      for (const [event, detail] of [
        ["STOPPED", "FAILED"],
        ["STARTED", "BOOTED"],
      ] as const) {
        observe({ kind: "event", number: round + 1, guest, event: { kind: "lifecycle", event, detail } });
        await clock.advance(1);
      }
    }
  },
};

/** A minute of pings, all of them answered. */
const introspective: Scenario<IntrospectiveObservation> = {
  make(parts) {
    const made = introspectiveMonitor({ ...parts, settings: guestSettings, agentPath: ".*", uri: "qemu:///system" });
    const monitor: typeof made = {
      ...made,
      async act(effect, observe, signal) {
        if (effect.kind !== "ping") return;
        await parts.clock.sleep(2, signal);
        const { uuid } = effect;
        observe({ kind: "pinged", at: parts.clock.now(), uuid, outcome: "responded", detail: "" });
      },
    };
    return asAny(monitor);
  },
  async begin({ clock, observe }, size) {
    observe({ kind: "started", bootId, settings: guestSettings });
    const guests = upTo(size).map((number) => ({
      ...{ uuid: uuidOf(number), name: nameOf(number), id: number },
      ...{ running: true, agent: "connected" as const },
    }));
    observe({ kind: "surveyed", guests });
    // Each guest answers for the first time.
    await clock.advance(20_000);
  },
  continue: ({ clock }) => clock.advance(60_000),
};

/** A process ends, and its supervisor brings up another. */
const processes: Scenario<ProcessObservation> = {
  make(parts) {
    const list = { processListPath: "/nonexistent", loadProcessList: () => Promise.reject(new Error("none")) };
    return asAny(processMonitor({ ...parts, ...list, settings: plainSettings }));
  },
  begin({ observe }, size) {
    const entries = upTo(size).map((number) => entryNamed(`service-${number}`));
    const started = { kind: "started", bootId, bootedAt: -1e9, systemd: false, pauses: [] } as const;
    observe({ ...started, settings: plainSettings, entries });
    const sightings = entries.map(({ process_name: key }, index) => ({ key, whole: { pid: index + 1, startTime: 1 } }));
    observe({ kind: "seen", sightings });
  },
  async continue({ clock, observe }, size) {
    const pids = new Map(upTo(size).map((number) => [number, number]));
    for (let round = 0; round < ROUNDS; round++) {
      const number = (round % size) + 1;
      const [pid, next] = [pids.get(number) ?? 0, 1_000_000 + round];
      observe({ kind: "exited", keys: [`service-${number}`], process: { pid, startTime: 1 } });
      await clock.advance(10);
      observe({ kind: "seen", sightings: [{ key: `service-${number}`, whole: { pid: next, startTime: 1 } }] });
      pids.set(number, next);
    }
  },
};

export const scenarios: Readonly<Record<string, Scenario>> = {
  instancemonitor: instance,
  introspectiveinstancemonitor: introspective,
  processmonitor: processes,
  ...hostScenarios,
};
