import type { Observe } from "../monitor/contract.ts";
import type { Clock } from "../system/clock.ts";
import { withJitter } from "../system/jitter.ts";
import type { Logger } from "../system/log.ts";
import { messageOf } from "../system/message-of.ts";
import type { ClusterObservation, HostDriver } from "./driver.ts";
import type { HostApi } from "./host-api.ts";
import { rest } from "./look-timer.ts";
import type { HostMonitorObservation, Orders } from "./observation.ts";
import { PULSE_MS, type Pulse } from "./pulse.ts";

const ORDERS_EVERY_MS = 2000;
/** What a state directory that hangs may delay sensing, ms. */
const ORDERS_MS = 3000;
const SEGMENTS_AGAIN_MS = 60_000;
/** While the check is switched off. */
const SEGMENTS_RARELY_MS = 600_000;

export interface SenseParts {
  readonly pulse: Pulse;
  readonly driver: HostDriver;
  readonly api: HostApi;
  /** What Masakari calls a host of the driver's. */
  readonly masakariName: (name: string) => string;
  /** How often Masakari's segments are read, ms; 0: rarely. */
  readonly segmentsEveryMs: () => number;
  /** In [0, 1); for tests. */
  readonly random?: (() => number) | undefined;
  /** Called with the names of the segments' hosts, as Masakari and Nova call them, each time they were read. Never rejects. */
  readonly checkWitness?: ((hostnames: readonly string[], signal: AbortSignal) => Promise<void>) | undefined;
  /** The orders that are in force. */
  readonly readOrders: () => Promise<Orders>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Observes the cluster by the driver, this program's own pulse, operators' orders and Masakari's segments, until the signal aborts. */
export async function sense(
  parts: SenseParts,
  observe: Observe<HostMonitorObservation>,
  signal: AbortSignal,
): Promise<void> {
  const ending = new AbortController();
  const names: Names = { watched: [] };
  const either = AbortSignal.any([signal, ending.signal]);
  try {
    await observeOrders(parts, observe, either);
    await Promise.race([
      parts.driver.sense(watching(observe, names), either),
      watchPulse(parts, observe, either),
      watchOrders(parts, observe, either),
      watchSegments(parts, names, observe, either),
    ]);
  } finally {
    ending.abort(new Error("sensing ended"));
  }
}

/** Names of the hosts that the driver observes, as it calls them. */
interface Names {
  watched: readonly string[];
}

function watching(observe: Observe<HostMonitorObservation>, names: Names): Observe<ClusterObservation> {
  return (observation) => {
    if (observation.complete) {
      const hosts = observation.hosts.filter(({ kind, state }) => kind !== "server" && state !== "absent");
      names.watched = hosts.map(({ name }) => name);
    }
    observe(observation);
  };
}

/** A look that was under way while this program was suspended may be long out of date. */
async function watchPulse({ clock, pulse }: SenseParts, observe: Observe<HostMonitorObservation>, signal: AbortSignal) {
  while (!signal.aborted) {
    await rest(clock, PULSE_MS, signal);
    const stall = pulse.beat();
    if (stall !== undefined && !signal.aborted) observe({ kind: "stalled", ...stall });
  }
}

/** Before the first look, so that what is disarmed is so from the start; a disk that hangs must not keep hosts from being watched. */
async function observeOrders(
  { clock, log, readOrders }: SenseParts,
  observe: Observe<HostMonitorObservation>,
  signal: AbortSignal,
): Promise<void> {
  const late = rest(clock, ORDERS_MS, signal);
  const orders = await Promise.race([readOrders().catch(() => undefined), late]);
  if (signal.aborted) return;
  if (orders === undefined) {
    log.error(
      "The state directory does not respond, so it is not known whether this monitor is disarmed; treating it as armed",
    );
  } else observe({ kind: "orders", at: clock.now(), orders });
}

async function watchOrders(
  { clock, readOrders }: SenseParts,
  observe: Observe<HostMonitorObservation>,
  signal: AbortSignal,
): Promise<void> {
  let before = "";
  while (!signal.aborted) {
    await rest(clock, ORDERS_EVERY_MS, signal);
    const orders = await readOrders().catch(() => undefined);
    // A disk that hangs: what was ordered before stays in force.
    if (orders === undefined) continue;
    const now = keyOf(orders);
    if (now === before || signal.aborted) continue;
    before = now;
    observe({ kind: "orders", at: clock.now(), orders });
  }
}

/** Equal as long as the files are, although times are recalculated at each reading. */
function keyOf({ disarmed, released }: Orders): string {
  const times = [disarmed?.until.mono, released?.at.mono].map((mono) => mono && Math.round(mono / 1000));
  return JSON.stringify([times, disarmed?.reason, released?.reason]);
}

async function watchSegments(
  { clock, api, log, checkWitness, masakariName, segmentsEveryMs, random = Math.random }: SenseParts,
  names: Names,
  observe: Observe<HostMonitorObservation>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    let again = segmentsEveryMs() || SEGMENTS_RARELY_MS;
    try {
      const { hosts, restMs } = await api.segmentHosts(names.watched.map(masakariName), signal);
      observe({ kind: "segments", at: clock.now(), hosts });
      again = Math.max(again, restMs);
      await checkWitness?.(
        hosts.map(({ name }) => name),
        signal,
      );
    } catch (error) {
      if (signal.aborted) return;
      // That the API does not answer is a condition of its own.
      log.debug(`The hosts of Masakari's segments could not be listed: ${messageOf(error)}`);
      again = SEGMENTS_AGAIN_MS;
    }
    await rest(clock, withJitter(again, random), signal);
  }
}
