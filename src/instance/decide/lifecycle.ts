import type { GuestEvent, GuestName } from "../observation.ts";
import { type Guest, isOff } from "../state.ts";
import { type Context, newGuest, notify, shown, supersede } from "./context.ts";
import { continueRun, isNewRun, startRun, supersedeFailures } from "./guest-run.ts";
import { ACTED_ON, FAILED, lifecycle, vmEventOf } from "./notification-table.ts";

type LifecycleEvent = Extract<GuestEvent, { kind: "lifecycle" }>;

/** The reason that libvirt has for `SHUTOFF` after a STOPPED of this detail, where it is called otherwise. */
const STOPPED_REASONS: Readonly<Record<string, string>> = { FAILED: "CRASHED" };
/** Likewise for `PAUSED` after a SUSPENDED. */
const SUSPENDED_REASONS: Readonly<Record<string, string>> = { PAUSED: "USER", MIGRATED: "MIGRATION" };

/** @returns the guest after a lifecycle event, undefined if there is no such domain (any more) */
export function applyLifecycleEvent(
  guest: Guest | undefined,
  { uuid, name, id }: GuestName,
  event: LifecycleEvent,
  number: number,
  context: Context,
): Guest | undefined {
  const { detail } = event;
  /** The guest as known so far, in the state after the event; looks that began before it no longer count. */
  const now = (state: string, reason: string, from = guest): Guest => ({
    ...(from ?? newGuest({ name, id, state, reason, transient: context.complete })),
    name,
    state,
    reason,
    id: id > 0 ? id : (from?.id ?? id),
    lastEvent: number,
    endUnknown: false,
    gone: false,
  });
  /** The same of a guest that is not off: perhaps a run whose start was missed. */
  const alive = (state: string, reason: string): Guest =>
    isNewRun(guest, id) ? startRun(now(state, reason), uuid, context) : now(state, reason);
  const late = isLate(guest);
  // What comes before the event of its end belongs to the run that has ended.
  if (late && ["SUSPENDED", "PMSUSPENDED", "CRASHED"].includes(event.event)) return guest;
  switch (event.event) {
    case "DEFINED":
      if (guest !== undefined) return { ...guest, name, transient: false, gone: false };
      // Before all domains are known it may be an old one, which the look will show.
      return context.complete
        ? newGuest({ name, id, state: "SHUTOFF", reason: "UNKNOWN", transient: false })
        : undefined;
    case "UNDEFINED":
      if (detail === "RENAMED" || guest === undefined) return guest;
      return undefineGuest(guest, uuid, number, context);
    case "STARTED": {
      const next = alive("RUNNING", detail);
      // It runs here once it is resumed; until then it runs where it comes from.
      return detail === "MIGRATED" ? { ...next, state: "PAUSED", reason: "MIGRATION", incoming: true } : next;
    }
    case "RESUMED": {
      const reason = detail === "MIGRATED" ? "MIGRATED" : "UNPAUSED";
      // At a start libvirt sends it before STARTED.
      if (guest === undefined || isNewRun(guest, id)) return alive("RUNNING", reason);
      return now("RUNNING", reason, continueRun(guest, uuid, context));
    }
    case "SUSPENDED": {
      // QEMU stops a guest that panics; libvirtd handles the two separately, and may send the stop after the panic.
      if (detail === "PAUSED" && guest?.state === "CRASHED" && !isNewRun(guest, id)) return guest;
      const next = alive("PAUSED", SUSPENDED_REASONS[detail] ?? detail);
      const notified = notifyIfNew(next, uuid, event, context);
      return { ...notified, incoming: notified.incoming && detail === "MIGRATED" };
    }
    case "STOPPED": {
      // It was off: the run that ends now began in a gap, and a failure before it is over.
      if (guest !== undefined && isOff(guest) && !late && (context.looking || isFailure(detail)))
        supersedeFailures(uuid, context);
      // So did a run with another id than the one that was seen last.
      const known =
        guest !== undefined && !isOff(guest) && isNewRun(guest, id) ? startRun(guest, uuid, context) : guest;
      return stopGuest(known, now("SHUTOFF", STOPPED_REASONS[detail] ?? detail, known), uuid, event, context);
    }
    case "PMSUSPENDED":
      return alive("PMSUSPENDED", "UNKNOWN");
    case "CRASHED":
      // CRASHLOADED: the guest's own crash kernel has taken over, and the guest reboots by itself.
      return detail === "PANICKED" ? { ...logPanic(alive("CRASHED", detail), uuid, context), panicEvent: true } : guest;
    case "SHUTDOWN": {
      const vmEvent = vmEventOf(event);
      if (vmEvent !== undefined) notify(context, uuid, name, vmEvent);
      if (guest === undefined || isOff(guest)) return guest;
      // Its end is intended from now on, even where libvirtd stops before the event of its end.
      context.log("debug", `${shown(uuid, name)}: is shutting down`);
      return now("SHUTDOWN", "UNKNOWN");
    }
    default:
      return guest;
  }
}

/** What libvirt does next depends on `<on_crash>`: mostly STOPPED or REBOOT follows; with `preserve` nothing does. */
export function logPanic(guest: Guest, uuid: string, context: Context): Guest {
  context.log("warning", `${shown(uuid, guest.name)}: its kernel panicked`);
  if (context.settings.notify_guest_panic) context.act({ kind: "askOnCrash", uuid });
  return guest;
}

/** It stays crashed, for somebody to look at: no other event follows. */
export function applyOnCrash(guest: Guest, uuid: string, action: string, context: Context): Guest {
  if (guest.state !== "CRASHED" || action !== "preserve") return guest;
  return notifyPanic(guest, uuid, "on_crash preserve", context);
}

/** It has panicked, and no other event follows. */
export function notifyPanic(guest: Guest, uuid: string, why: string, context: Context): Guest {
  if (guest.alreadyNotified !== null || !context.settings.notify_guest_panic) return guest;
  notify(context, uuid, guest.name, lifecycle(FAILED), `: its kernel panicked, and it stays crashed (${why})`);
  return { ...guest, alreadyNotified: FAILED };
}

function stopGuest(
  before: Guest | undefined,
  now: Guest,
  uuid: string,
  event: LifecycleEvent,
  context: Context,
): Guest {
  const { detail } = event;
  const off: Guest = { ...now, incoming: false, panicEvent: false, recent: {} };
  // libvirtd destroys the incoming guest when the source host disconnects.
  if (now.incoming && (isFailure(detail) || detail === "DESTROYED")) {
    context.log(
      "info",
      `${shown(uuid, now.name)}: its migration to this host failed; it never ran here, so Masakari is not notified`,
    );
    return off;
  }
  // What the look found is notified already; that it was a failure after all is worth a notification.
  if (isLate(before) && !isFailure(detail)) return { ...off, alreadyNotified: null };
  if (detail !== "CRASHED") return notifyIfNew(off, uuid, event, context);
  // While all is looked at, the event of a panic may have been missed.
  if (!context.looking && before !== undefined && ["RUNNING", "PAUSED"].includes(before.state)) {
    return logDump(off, uuid, context);
  }
  if (!context.settings.notify_guest_panic) return off;
  return notifyIfNew(off, uuid, { ...event, detail: "FAILED" }, context);
}

/** A look has found its end, of which the event is still to come. */
function isLate(guest: Guest | undefined): boolean {
  return guest !== undefined && isOff(guest) && guest.alreadyNotified !== null;
}

/** Only a panic or `virsh dump --crash` ends a guest as crashed, and there was no panic. */
function logDump(guest: Guest, uuid: string, context: Context): Guest {
  const who = shown(uuid, guest.name);
  context.log("info", `${who}: was dumped and stopped by hand (virsh dump --crash), so Masakari is not notified`);
  return guest;
}

function isFailure(detail: string): boolean {
  return detail === "FAILED" || detail === "CRASHED";
}

/** Notifies of the event by the table, unless a look has found the state that it leads to, and that was notified. */
function notifyIfNew(guest: Guest, uuid: string, event: LifecycleEvent, context: Context): Guest {
  const vmEvent = vmEventOf(event);
  const before = guest.alreadyNotified;
  if (vmEvent !== undefined && vmEvent.domainEvent !== before) notify(context, uuid, guest.name, vmEvent);
  return before === null ? guest : { ...guest, alreadyNotified: null };
}

/** A guest that is deleted, or has been moved elsewhere: a recovery here would come to the wrong one, or for nothing. */
function undefineGuest(guest: Guest, uuid: string, number: number, context: Context): Guest {
  if (!isOff(guest)) return { ...guest, transient: true };
  supersede(context, uuid, "the domain has been undefined", ACTED_ON);
  return { ...guest, gone: true, lastEvent: number };
}
