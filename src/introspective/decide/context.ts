import type { DecisionContext } from "../../monitor/decision.ts";
import { type Guest, newGuest } from "../guest.ts";
import { CONNECTION, type IntrospectiveEffect, type IntrospectiveSettings, type LibvirtCall } from "../observation.ts";

/** One call of `decide` under way: what it knows, and the effects it has come to so far, in order. */
export type Context = DecisionContext<IntrospectiveSettings, IntrospectiveEffect>;

export function startCall(call: LibvirtCall, context: Context): void {
  context.act({ ...call, cancelKey: CONNECTION });
}

/** As operators know it: libvirt's name and Nova's UUID. */
export function displayName({ name, uuid }: Pick<Guest, "name" | "uuid">): string {
  return `${name} (${uuid})`;
}

/** One domain's notifications keep their order, and the later fact about it supersedes the earlier one. */
export function subjectOf(uuid: string): string {
  return `guest:${uuid}`;
}

/**
 * When the guest is to be pinged next after `from` (mono). Each guest has its own place in the interval, by its UUID, so that pings are
 * spread evenly over time and neither a late one nor a restart of the monitor bunches them.
 */
export function nextPingAt({ hash }: Guest, from: number, context: Context): number {
  const interval = context.settings.guest_monitoring_interval * 1000;
  const place = hash % interval;
  return Math.floor((from - place) / interval) * interval + place + interval;
}

/** No failure counts any more, nor the result of what is under way. */
export function clearFailures(guest: Guest): Guest {
  return {
    ...guest,
    phase: guest.phase === "error" ? "healthy" : guest.phase,
    failures: 0,
    unresponsive: 0,
    occupied: undefined,
    activity: undefined,
    ping: guest.ping && { ...guest.ping, void: true },
    examination: guest.examination && { ...guest.examination, void: true },
  };
}

/** Back to discovery: it must answer once before failed pings count. */
export function rediscover(guest: Guest): Guest {
  return { ...clearFailures(guest), phase: "discovery" };
}

/** A start of the guest, of which nothing is known yet; what was notified of the last one is no longer true. */
export function restartGuest(guest: Guest, context: Context): Guest {
  supersedeReport(guest, context, "was started again");
  const { ping, examination } = clearFailures(guest);
  return { ...newGuest(guest.uuid, guest.name), startedAt: context.at.mono, ping, examination };
}

/** What was notified of this guest and is not delivered must not be sent any more. */
export function supersedeReport(guest: Guest, context: Context, why: string): void {
  if (guest.phase !== "reported") return;
  context.supersede(subjectOf(guest.uuid), `${displayName(guest)} ${why}`);
}
