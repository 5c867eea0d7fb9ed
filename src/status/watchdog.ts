import type { Clock } from "../system/clock.ts";
import { Guard } from "../system/guard.ts";
import type { Logger } from "../system/log.ts";
import type { Facts } from "./facts.ts";
import { summary } from "./report.ts";
import type { ServiceManager } from "./service-manager.ts";
import { stuckSince } from "./verdict.ts";

/** A monitor of this process. */
export interface WatchedMonitor {
  readonly name: string;
  readonly facts: () => Facts;
}

export interface WatchdogParts {
  readonly monitors: readonly WatchedMonitor[];
  readonly manager: ServiceManager;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A change of the status line is sent within this time. */
const LOOK_EVERY_MS = 5000;

/**
 * Keeps the service manager's status line true, and its watchdog fed while every monitor makes progress: an event loop that
 * turns while nothing is sensed is not alive. What is away (libvirt, the API) does not count: a restart of this program
 * would fix none of that. A stuck monitor is logged once, with a watchdog or without.
 */
export async function runWatchdog(parts: WatchdogParts, signal: AbortSignal): Promise<void> {
  const { monitors, manager, clock, log } = parts;
  const feedEveryMs = manager.watchdogMs === undefined ? undefined : manager.watchdogMs / 2;
  const remedy =
    feedEveryMs === undefined
      ? "Restart this program, and please report this line with those before it"
      : "The service manager's watchdog restarts this program; please report this line with those before it";
  let reportedStuck: readonly string[] = [];
  let sentStatus: string | undefined;
  let fedAt = Number.NEGATIVE_INFINITY;
  const guard = new Guard("the watchdog's look at the monitors", log);
  /** @returns whether all make progress */
  const look = (): boolean => {
    const { mono } = clock.now();
    const current = monitors.map(({ name, facts }) => ({ name, facts: facts() }));
    const stuck = current.filter(({ facts }) => stuckSince(facts.loop, mono) !== undefined).map(({ name }) => name);
    for (const name of stuck) {
      if (!reportedStuck.includes(name))
        log.critical(`${name} is stuck: nothing has been observed for too long. ${remedy}`);
    }
    reportedStuck = stuck;
    const text = summary(current, mono);
    if (text !== sentStatus) manager.status(text);
    sentStatus = text;
    return stuck.length === 0;
  };
  while (!signal.aborted) {
    // What cannot be looked at is not known to be stuck: a restart would not help against a defect here.
    const isAlive = (await guard.run(look)) ?? true;
    const { mono } = clock.now();
    if (feedEveryMs !== undefined && isAlive && mono - fedAt >= feedEveryMs) {
      manager.alive();
      fedAt = mono;
    }
    await clock.sleep(Math.min(LOOK_EVERY_MS, feedEveryMs ?? LOOK_EVERY_MS), signal).catch(() => undefined);
  }
}
