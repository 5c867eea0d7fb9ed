import type { Config } from "../config/sections.ts";
import type { Monitor, OwnEffect } from "../monitor/contract.ts";
import { type MonitorParts, runMonitor } from "../monitor/run.ts";
import type { Notification } from "../notify/notification.ts";
import type { MasakariClient } from "../openstack/masakari.ts";
import type { SegmentHosts } from "../openstack/segment-hosts.ts";
import type { Conditions } from "../status/conditions.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import type { RetryOptions } from "./delivery.ts";
import type { Disk } from "./disk.ts";

/** What a monitor is made from. */
export interface MonitorContext {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly bootId: string;
  /** Where state is kept: `[DEFAULT] state_path`, or what stands in for it. */
  readonly statePath: string;
  /** For whatever it does there. */
  readonly disk: Disk;
  /** The client of the session with Masakari in use: SIGHUP may replace it. */
  readonly masakari: () => MasakariClient;
  /** The hosts of Masakari's segments; the monitors of a process share what was read of them. */
  readonly segmentHosts: SegmentHosts;
  /** For requests to other services of the cloud. */
  readonly userAgent: string;
  /** Where the monitor shows the state of what it depends on. */
  readonly conditions: Conditions;
}

/** A monitor as a program runs it. */
export interface RunnableMonitor {
  /** Until the signal aborts. */
  run(parts: MonitorParts, signal: AbortSignal): Promise<void>;
  /** Takes over what SIGHUP has read. */
  reload(config: Config): void;
  /** As `Monitor.silenceLimitMs`. */
  silenceLimitMs(): number | undefined;
}

/** One of the monitors, as a program of its own or as one of several in a process. */
export interface Program {
  /** The command's name, e.g. `masakari-processmonitor`. */
  readonly command: string;
  readonly description: string;
  /** The program's own name, e.g. `processmonitor`: of its database and of its logger. */
  readonly name: string;
  /** What its monitor notifies of. */
  readonly notificationTypes: readonly Notification["type"][];
  retry(config: Config): RetryOptions;
  /** @throws what keeps the monitor from being made at all, e.g. a driver that cannot be loaded: an error at the start */
  create(context: MonitorContext): RunnableMonitor | Promise<RunnableMonitor>;
}

/** Whether its notifications are about the host that it runs on; the host monitor's are about others. */
export function notifiesOfItsHost({ notificationTypes }: Pick<Program, "notificationTypes">): boolean {
  return notificationTypes.some((type) => type !== "COMPUTE_HOST");
}

/** A monitor and what SIGHUP does to it, in the form that a program wants. */
export function runnable<State, Observation, Effect extends OwnEffect>(
  monitor: Monitor<State, Observation, Effect>,
  reload: (config: Config) => void,
): RunnableMonitor {
  return {
    run: (parts, signal) => runMonitor(monitor, parts, signal),
    reload,
    silenceLimitMs: () => monitor.silenceLimitMs?.(),
  };
}
