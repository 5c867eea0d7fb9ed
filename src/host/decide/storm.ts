import type { Instant } from "../../system/clock.ts";
import { type Host, type HostsState, isSuspected, type Loss, withHost } from "../state.ts";
import type { Context } from "./context.ts";

const HOUR_MS = 3_600_000;

/** Older losses count for no gate, ms since the epoch: the longest periods are `storm_window` and the hour of `losses_per_hour`. */
export function lossesCountFrom({ at, settings }: Pick<Context, "at" | "settings">): number {
  return at.wall - Math.max(HOUR_MS, settings.storm_window * 1000);
}

/** By so much the clocks may drift apart, or be slewed, before it counts, ms. */
const DRIFT_MS = 1000;

/**
 * The state with its losses at the times that they would have had, if the wall clock was set since the look before, be it while this
 * program did not run.
 */
export function withClockSet(state: HostsState, { wall, mono }: Instant): HostsState {
  const clockBase = Math.round(wall - mono);
  if (state.clockBase === undefined) return { ...state, clockBase };
  const step = clockBase - state.clockBase;
  if (Math.abs(step) <= DRIFT_MS) return state;
  let next: HostsState = { ...state, clockBase };
  for (const name of state.troubled) {
    const host = next.hosts.get(name);
    if (host !== undefined) next = withHost(next, shifted(host, step));
  }
  return next;
}

/** A fencing has its time by the cluster's clock, and what was sent the one that Masakari has. */
function shifted(host: Host, step: number): Host {
  const { loss } = host;
  const losses = host.losses.map((at) => at + step);
  if (loss === undefined || loss.returned !== undefined) return { ...host, losses };
  return { ...host, losses, loss: { ...loss, since: loss.since + step, notBefore: loss.notBefore + step } };
}

/** How many hosts are lost, as the storm guard counts them. */
export interface Tally {
  /** Lost within `storm_window`, whatever has become of them, or held by the guard since before and not reported yet; also those that may be lost by the next look. */
  readonly recent: number;
  /** Down now, since whenever; likewise. */
  readonly down: number;
  /** From so many on, it is a storm: more than storm_ratio of the watched hosts, and at least storm_minimum. */
  readonly limit: number;
}

/** @param now ms since the epoch */
export function tally({ hosts, troubled, view, settings }: HostsState, now: number): Tally {
  const { storm_ratio = 0, storm_minimum = 0, storm_window = 0 } = settings ?? {};
  const limit =
    storm_ratio > 0
      ? Math.max(storm_minimum, Math.floor(storm_ratio * (view?.watched ?? 0)) + 1)
      : Number.POSITIVE_INFINITY;
  let recent = 0;
  let down = 0;
  for (const name of troubled) {
    const host = hosts.get(name);
    if (host === undefined) continue;
    const suspected = isSuspected(host);
    if (suspected || isRecent(host, now - storm_window * 1000)) recent += 1;
    if (suspected || (host.loss !== undefined && host.loss.returned === undefined)) down += 1;
  }
  return { recent, down, limit };
}

/**
 * Whether the storm guard holds this loss. Once held, it stays so until fewer hosts are down than make a storm: to wait until they
 * are no longer recent would only delay the same mistake.
 */
export function isStorm({ inStorm }: Loss, { recent, down, limit }: Tally): boolean {
  return recent >= limit || (inStorm && down >= limit);
}

function isRecent({ loss, losses }: Host, from: number): boolean {
  return (loss?.inStorm === true && loss.sent === undefined) || losses.some((at) => at >= from);
}
