import type { SubjectMap } from "../../monitor/subject-map.ts";
import type { Look } from "../observation.ts";
import { type Guest, isOff } from "../state.ts";
import { type Context, FOUND_LATER, newGuest, notify, shown, supersede } from "./context.ts";
import { continueRun, isNewRun, startRun, supersedeFailures } from "./guest-run.ts";
import { logPanic, notifyPanic } from "./lifecycle.ts";
import { ACTED_ON, FAILED, lifecycle, vmEventOf } from "./notification-table.ts";
import { isUnexplained, readLoggedEnd, wasRunning } from "./unexplained.ts";

/** Nobody intended the end of a guest that is off for one of these. `DAEMON`: libvirtd lost control of it and killed it. */
const DIED: ReadonlySet<string> = new Set(["CRASHED", "DAEMON"]);
const FAILURES: ReadonlySet<string> = new Set([...DIED, "FAILED"]);

/**
 * Compares all domains with what was known of them: what the events of a gap would have notified is notified. An event that
 * came after a domain was queried is newer than the result.
 */
export function applySnapshot(
  guests: SubjectMap<Guest>,
  looks: readonly Look[],
  after: number,
  context: Context,
): SubjectMap<Guest> {
  const next = new Map<string, Guest>();
  for (const look of looks) {
    const guest = guests.get(look.uuid);
    const now = look.state === undefined ? guest : compareGuest(guest, look, look.state, context);
    if (now !== undefined) next.set(look.uuid, now);
  }
  for (const [uuid, guest] of guests) {
    if (next.has(uuid)) continue;
    if (guest.lastEvent > after) next.set(uuid, guest);
    else if (guest.incoming) next.set(uuid, failArrival(guest));
    else if (guest.transient && wasRunning(guest)) next.set(uuid, startReadingEnd(guest, uuid, context));
    // Its log was not read to the end before, or not yet.
    else if (guest.transient && guest.endUnknown) next.set(uuid, readLoggedEnd(guest, guest, uuid, context));
    else logMissing(guest, uuid, context);
  }
  let kept = guests;
  for (const uuid of guests.keys()) if (!next.has(uuid)) kept = kept.delete(uuid);
  for (const [uuid, guest] of next) kept = guest.gone ? kept.delete(uuid) : kept.set(uuid, guest);
  return kept;
}

function compareGuest(guest: Guest | undefined, look: Look, state: string, context: Context): Guest {
  const { uuid, name, id, transient, reason } = look;
  if (guest !== undefined && guest.lastEvent > look.after) {
    return { ...guest, transient };
  }
  const now: Guest = {
    ...(guest ?? newGuest({ name, id, state, reason, transient })),
    ...{ name, id, state, reason, transient, gone: false },
  };
  if (isOff(now)) return applyShutoff(guest, now, uuid, context);
  if (isNewRun(guest, id)) {
    // So it may be at its migration's source too, but there for a moment only.
    const incoming = state === "PAUSED" && reason === "MIGRATION";
    const started = { ...startRun(now, uuid, context), incoming };
    // What happened before the first look at this host is not notified.
    return guest !== undefined || context.complete ? notifyChange(undefined, started, uuid, context) : started;
  }
  if (guest === undefined) return now;
  const incoming = guest.incoming && state === "PAUSED" && reason === "MIGRATION";
  if (state !== "RUNNING") return notifyChange(guest, { ...now, incoming }, uuid, context);
  return guest.state === "RUNNING" ? now : { ...continueRun(guest, uuid, context), name, id, transient, state, reason };
}

/** It has a QEMU but does not run: notified as its event would have been, unless it was so before. */
function notifyChange(guest: Guest | undefined, now: Guest, uuid: string, context: Context): Guest {
  if (now.state === "CRASHED") return applyCrashed(guest, now, uuid, context);
  if (now.state !== "PAUSED" || (guest?.state === "PAUSED" && guest.reason === now.reason)) return now;
  const vmEvent = vmEventOf({ kind: "lifecycle", event: "SUSPENDED", detail: now.reason });
  if (vmEvent === undefined) return now;
  notify(context, uuid, now.name, vmEvent, FOUND_LATER);
  return { ...now, alreadyNotified: vmEvent.domainEvent };
}

/**
 * A libvirtd that finds a panicked guest when it is started leaves it as it is, whatever `<on_crash>` is; one that was there
 * sees to it within the second between two looks. Otherwise its `<on_crash>` is read again until it is notified: a result may have been lost.
 */
function applyCrashed(guest: Guest | undefined, now: Guest, uuid: string, context: Context): Guest {
  if (guest?.state !== "CRASHED") return logPanic(now, uuid, context);
  if (context.again && !now.panicEvent) return notifyPanic(now, uuid, "libvirtd does nothing about it", context);
  if (now.alreadyNotified === null && context.settings.notify_guest_panic) context.act({ kind: "askOnCrash", uuid });
  return now;
}

function applyShutoff(guest: Guest | undefined, now: Guest, uuid: string, context: Context): Guest {
  const off: Guest = { ...now, id: -1, incoming: false, endUnknown: false, recent: {} };
  if (guest?.incoming && !hasArrived(guest, off)) return failArrival(off);
  if (guest && isUnexplained(guest, off, context)) return readLoggedEnd(guest, off, uuid, context);
  const domainEvent = guest && !isOff(guest) ? endOf(guest, off, context) : unseenEndOf(guest, off, context);
  if (guest && isOff(guest) && (domainEvent !== undefined || hasRunSince(guest, off))) supersedeFailures(uuid, context);
  if (domainEvent === undefined) return off;
  if (domainEvent !== guest?.alreadyNotified) notify(context, uuid, now.name, lifecycle(domainEvent), FOUND_LATER);
  return { ...off, alreadyNotified: domainEvent };
}

/** It was off and is off, for another reason: somebody has started it between. libvirtd forgets reasons when it restarts. */
function hasRunSince(guest: Guest, { reason }: Guest): boolean {
  if (reason === "UNKNOWN" || reason === guest.reason) return false;
  return !(FAILURES.has(reason) && FAILURES.has(guest.reason));
}

/**
 * Whether a guest that was on its way here when last seen has run here before it ended: libvirt makes it persistent when it
 * takes it over, forgets one that it did not take over, and emits `FAILED` where it could not begin to run.
 */
function hasArrived(guest: Guest, { reason }: Guest): boolean {
  return reason === "SHUTDOWN" || (guest.transient && reason !== "FAILED");
}

/** Its event, which may still come, is not to be notified either. */
function failArrival(guest: Guest): Guest {
  return { ...guest, id: -1, state: "SHUTOFF", incoming: false, alreadyNotified: FAILED };
}

/** How the guest that ran has ended, as its event would have shown it. */
function endOf(guest: Guest, off: Guest, context: Context): string | undefined {
  const { reason } = off;
  if (reason === "SHUTDOWN" || reason === "DESTROYED") return `STOPPED_${reason}`;
  // A libvirtd that finds QEMU gone does not know the events of the one before it.
  if (reason === "UNKNOWN" || DIED.has(reason)) {
    if (guest.state === "SHUTDOWN") return "STOPPED_SHUTDOWN";
    if (guest.state === "CRASHED") return context.settings.notify_guest_panic ? FAILED : undefined;
  }
  // The libvirtd that saw it run gives no reason when it fails to take the guest over (qemuProcessReconnect).
  if (reason === "UNKNOWN") return FAILED;
  return FAILURES.has(reason) ? FAILED : undefined;
}

/** The end of a run that began and ended unseen. With `FAILED` it did not even begin. */
function unseenEndOf(guest: Guest | undefined, off: Guest, context: Context): string | undefined {
  if (guest === undefined && !context.complete) return undefined;
  return DIED.has(off.reason) && !(guest && DIED.has(guest.reason)) ? FAILED : undefined;
}

/** It ran, and libvirt forgets a transient domain when it ends: how, is not known. */
function startReadingEnd(guest: Guest, uuid: string, context: Context): Guest {
  context.log("info", `${shown(uuid, guest.name)} is no longer on this host: it has ended, or was migrated away`);
  return readLoggedEnd(guest, { ...guest, state: "SHUTOFF", reason: "UNKNOWN", id: -1, recent: {} }, uuid, context);
}

/** It is not there any more: deleted, migrated away, or transient and ended. None of these is a failure. */
function logMissing(guest: Guest, uuid: string, context: Context): void {
  if (!isOff(guest)) {
    context.log("info", `${shown(uuid, guest.name)} is no longer on this host: deleted, or migrated away`);
  }
  // That a transient one has failed stays true when it is forgotten.
  if (!guest.transient) supersede(context, uuid, "the domain has been undefined", ACTED_ON);
}
