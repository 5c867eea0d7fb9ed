import type { Notification } from "../../notify/notification.ts";
import type { StoredNotification } from "../../openstack/masakari-objects.ts";

/** A notification that shadow mode recorded in place of sending it. */
export interface Shadowed {
  readonly notification: Notification;
  /** The monitor's, e.g. `processmonitor`. */
  readonly program: string;
}

/** What Masakari has, with the name of its host. */
export interface Received {
  readonly stored: StoredNotification;
  readonly hostname: string;
  /** As text. */
  readonly payload: Notification["payload"];
}

type Event = Pick<Notification, "hostname" | "payload"> & { readonly type: string };

/** A row of the comparison: at least one of the two is there. */
export interface Pair {
  /** When it was observed, by the first of the two, ms since the epoch. */
  readonly at: number;
  readonly event: Event;
  readonly shadowed: Shadowed | undefined;
  readonly received: Received | undefined;
}

/** Python's host monitor polls once a minute, and both restart a process several times before they report it. */
const FARTHEST_MS = 180_000;

/** ms since the epoch of a `generated_time`, which is UTC without a zone. */
export const generatedAt = (time: string): number => Date.parse(`${time}Z`);

/**
 * Puts each recorded notification beside what Masakari received about the same event: of the same type, host and payload, and the nearest
 * in time, at most three minutes away. Pure. @returns in order of time
 */
export function pairsOf(shadowed: readonly Shadowed[], received: readonly Received[]): readonly Pair[] {
  const candidates = shadowed.flatMap((ours) =>
    received
      .filter((theirs) => isSameEvent(ours.notification, theirs))
      .map((theirs) => ({ ours, theirs, apart: Math.abs(oursAt(ours) - theirsAt(theirs)) }))
      .filter(({ apart }) => apart <= FARTHEST_MS),
  );
  const paired = new Map<Shadowed, Received>();
  const taken = new Set<Received>();
  for (const { ours, theirs } of candidates.sort((one, other) => one.apart - other.apart)) {
    if (paired.has(ours) || taken.has(theirs)) continue;
    paired.set(ours, theirs);
    taken.add(theirs);
  }
  const rows: Pair[] = shadowed.map((ours) => {
    const theirs = paired.get(ours);
    const at = Math.min(oursAt(ours), theirs === undefined ? Number.POSITIVE_INFINITY : theirsAt(theirs));
    return { at, event: ours.notification, shadowed: ours, received: theirs };
  });
  const unpaired = received.filter((theirs) => !taken.has(theirs));
  for (const theirs of unpaired) {
    const { hostname, payload, stored } = theirs;
    const event = { hostname, payload, type: stored.type };
    rows.push({ at: theirsAt(theirs), event, shadowed: undefined, received: theirs });
  }
  return rows.sort((one, other) => one.at - other.at);
}

export const oursAt = ({ notification }: Shadowed): number => generatedAt(notification.generated_time);
export const theirsAt = ({ stored }: Received): number => generatedAt(stored.generated_time);

function isSameEvent(
  { type, hostname, payload }: Notification,
  { stored, payload: received, hostname: host }: Received,
): boolean {
  return type === stored.type && hostname === host && keyOf(payload) === keyOf(received);
}

/** The values by name; masakari-api keeps no order. */
const keyOf = (payload: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.entries(payload).sort(([one], [other]) => (one < other ? -1 : 1)));
