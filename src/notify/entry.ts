import type { Instant } from "../system/clock.ts";
import type { Notification } from "./notification.ts";

/** `pending` until one of the six others, which is final but for a response that was already under way. */
export type EntryState = "pending" | "delivered" | "superseded" | "expired" | "rejected" | "dropped" | "shadowed";

/** One notification in the outbox. Immutable: a change is a new value with the same id. */
export interface Entry {
  /** Eight hexadecimal digits: what an operator types in `masakari-monitors outbox drop`. */
  readonly id: string;
  readonly subject: string;
  readonly notification: Notification;
  readonly state: EntryState;
  /** Attempts that came to an end, over all runs. */
  readonly attempts: number;
  /** Why the last attempt failed, or why the entry ended as it did. */
  readonly reason: string | undefined;
  /** The API's uuid, of a delivered entry whose response arrived. */
  readonly notificationUuid: string | undefined;
  /** When it was put in; `mono` counts in the boot named by `bootId`. */
  readonly created: Instant;
  readonly bootId: string;
  /** ms since the Unix epoch. */
  readonly endedWall: number | undefined;
}

/** A new id, not yet taken according to `taken`. @param random as Math.random */
export function newEntryId(taken: (id: string) => boolean, random: () => number): string {
  for (;;) {
    const id = Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
    if (!taken(id)) return id;
  }
}

/**
 * The same entry with its age counted on this boot's monotonic clock: the wall clock plays no part, so stepping it neither
 * expires an entry early nor keeps it for ever. One of an earlier boot is as old as this boot: that is the least that it can
 * be, and a host whose clock is wrong at first must not expire what nobody has tried to send. Only where boots cannot be distinguished
 * does the wall clock count; if it went backwards, as no time.
 */
export function rebase(entry: Entry, now: Instant, bootId: string): Entry {
  const { created } = entry;
  const known = entry.bootId !== "" && bootId !== "";
  if (known && entry.bootId === bootId && created.mono <= now.mono) return entry;
  const age = known ? now.mono : Math.max(0, now.wall - created.wall);
  return { ...entry, bootId, created: { wall: created.wall, mono: now.mono - age } };
}

interface Described {
  readonly type: string;
  readonly generated_time?: string;
}

/** `PROCESS STOPPED of nova-compute on host-1`, for log lines and lists. */
export function describeNotification(notification: Omit<Notification, "type" | "generated_time"> & Described): string {
  const { payload } = notification;
  const about = payload.process_name ?? payload.instance_uuid;
  // What libvirt has no detail for is UNKNOWN, as upstream has it; the event itself means more then.
  const detail = payload.vir_domain_event === "UNKNOWN" ? undefined : payload.vir_domain_event;
  const event = detail ?? payload.event ?? "";
  return `${notification.type} ${event}${about === undefined ? "" : ` of ${about}`} on ${notification.hostname}`;
}
