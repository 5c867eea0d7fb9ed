import type { Guest } from "../guest.ts";
import { type GuestIndex, isResting } from "../guest-index.ts";
import type { IntrospectiveSettings } from "../observation.ts";
import type { IntrospectiveState } from "../state.ts";
import { withGuest } from "../state-changes.ts";
import { type Context, nextPingAt, startCall } from "./context.ts";

const WAKE = "due";
/**
 * A guest that rests is pinged every third interval only: a hung agent holds a worker of libvirt's for 5 s, an
 * occupied one for 30.
 */
const RESTING_INTERVALS = 3;

/**
 * Pings the guests that are due, as far as the lanes allow. A ping of a guest that is well takes milliseconds, one of a hung guest
 * seconds; so those that did not answer the last time have one lane of their own, and more only as long as one stays free.
 */
export function schedule(state: IntrospectiveState, context: Context): IntrospectiveState {
  if (!state.connected) return state;
  let next = state;
  for (let uuid = nextToPing(next, context); uuid !== undefined; uuid = nextToPing(next, context)) {
    const guest = next.guests.get(uuid);
    if (guest) next = withGuest(next, uuid, begin(guest, context));
  }
  return withWake(next, context);
}

/** When a guest that was pinged at `began` (mono) is due again. */
export function dueAfter(guest: Guest, began: number, context: Context): number {
  if (!guest.suspected) return nextPingAt(guest, began, context);
  const interval = context.settings.guest_monitoring_interval * 1000;
  // Never sooner than an interval after the last one, however late that was: failed rounds are as long as configured.
  return began + interval * (isResting(guest) ? RESTING_INTERVALS : 1);
}

/**
 * Those that answer quickly first, then those whose report depends on it, then those that rest. A guest that has waited for as long
 * as its queue may is before all that have waited less, so that nobody waits for ever where there are more guests than lanes can take.
 * @returns whom to ping now, if somebody is due for whom there is a lane
 */
function nextToPing({ index }: IntrospectiveState, { at, settings }: Context): string | undefined {
  const interval = settings.guest_monitoring_interval * 1000;
  const lanes = freeLanes(index, settings);
  let best: Ranked | undefined;
  for (const { queue, rank, intervals } of QUEUES) {
    const first = lanes[queue] ? index[queue].first() : undefined;
    if (!first || first.at > at.mono) continue;
    const one = { ...first, rank: (at.mono - first.at) / interval > intervals ? 0 : rank };
    if (best === undefined || isBefore(one, best)) best = one;
  }
  return best?.subject;
}

/** Each with its rank, and how many intervals a guest may wait in it before it has the first rank. */
const QUEUES = [
  { queue: "well", rank: 0, intervals: 0 },
  { queue: "suspected", rank: 1, intervals: 1 },
  { queue: "resting", rank: 2, intervals: RESTING_INTERVALS },
] as const;

interface Ranked {
  readonly at: number;
  readonly subject: string;
  readonly rank: number;
}

function isBefore(one: Ranked, other: Ranked): boolean {
  if (one.rank !== other.rank) return one.rank < other.rank;
  return one.at === other.at ? one.subject < other.subject : one.at < other.at;
}

/** For whom an agent command more may be under way: of `max_agent_commands` in all. */
function freeLanes(
  { pinging, pingingSuspected, pingingResting }: GuestIndex,
  { max_agent_commands, max_suspect_commands }: IntrospectiveSettings,
): Readonly<Record<(typeof QUEUES)[number]["queue"], boolean>> {
  const free = max_agent_commands - pinging;
  const forSuspected = Math.min(max_suspect_commands, max_agent_commands - 1) - pingingSuspected;
  const isFirst = pingingSuspected === 0;
  // The last free lane is for those that are well, so that others of them may cease to answer meanwhile without delaying them.
  const suspected = free > 0 && (isFirst || (free > 1 && forSuspected > 0));
  return { well: free > 0, suspected, resting: suspected && (isFirst || pingingResting === 0) };
}

function begin(guest: Guest, context: Context): Guest {
  startCall({ kind: "ping", uuid: guest.uuid, timeout: context.settings.guest_monitoring_timeout }, context);
  return { ...guest, ping: { void: false, began: context.at.mono, suspect: guest.suspected } };
}

/** Asks for a wake when the next guest is due. Who is due already waits for a lane, which is free when another ping ends. */
function withWake(state: IntrospectiveState, context: Context): IntrospectiveState {
  let earliest = Number.POSITIVE_INFINITY;
  for (const { queue } of QUEUES) {
    const order = state.index[queue];
    if (order.size === 0) continue;
    earliest = Math.min(earliest, order.firstAfter(context.at.mono)?.at ?? earliest);
  }
  if (earliest === Number.POSITIVE_INFINITY || earliest === state.wakeAt) return state;
  context.wake(WAKE, earliest - context.at.mono);
  return { ...state, wakeAt: earliest };
}
