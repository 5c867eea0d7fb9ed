import type { LoggedEnd } from "../observation.ts";
import { type Guest, isOff } from "../state.ts";
import { type Context, FOUND_LATER, notify, shown } from "./context.ts";
import { FAILED, lifecycle } from "./notification-table.ts";

/** The `vir_domain_event` of an end, by virDomainShutoffReason; the others have none. */
const DOMAIN_EVENTS: Readonly<Record<string, string>> = {
  crashed: FAILED,
  daemon: FAILED,
  shutdown: "STOPPED_SHUTDOWN",
  destroyed: "STOPPED_DESTROYED",
};
/** virDomainShutoffReason where libvirt does not know how a guest has ended, or that QEMU was ended by somebody. */
const UNCERTAIN: ReadonlySet<string> = new Set(["UNKNOWN", "CRASHED"]);

/**
 * A libvirtd that is stopped (SIGTERM, an upgrade) while a guest ends may send no event for it. The next one has no reason for a
 * guest that was cleared away, and takes one whose QEMU it finds gone for crashed. Somebody may have shut it down, so that
 * the end of its log decides.
 */
export function readLoggedEnd(before: Guest, off: Guest, uuid: string, context: Context): Guest {
  context.act({ kind: "readEnd", uuid, name: off.name });
  // Another restart of libvirtd forgets the reason of the one before.
  return { ...off, reason: before.endUnknown ? before.reason : off.reason, endUnknown: true };
}

/** Whether a guest that is found off has ended since it was seen last, without a certain reason, or its log is still to be read. */
export function isUnexplained(guest: Guest, { reason }: Guest, context: Context): boolean {
  if (!UNCERTAIN.has(reason)) return false;
  if (isOff(guest)) return guest.endUnknown;
  // The libvirtd that saw it run gives no reason when it fails to take the guest over (qemuProcessReconnect).
  return wasRunning(guest) && !(context.again && reason === "UNKNOWN");
}

/** It was neither off when seen last, nor about to be: libvirtd had an event for an end under way, and for a panic. */
export function wasRunning(guest: Guest): boolean {
  return !isOff(guest) && guest.state !== "SHUTDOWN" && guest.state !== "CRASHED";
}

/** An end that QEMU's log shows is notified as its event would have been. */
export function applyLoggedEnd(guest: Guest, uuid: string, end: LoggedEnd, context: Context): Guest {
  if (!isOff(guest) || !guest.endUnknown) return guest;
  const known = { ...guest, endUnknown: false };
  const how = certainEnd(guest, end);
  if (how === undefined) {
    const why = end.kind === "unknown" ? end.why : "its log shows a panic or virsh dump --crash";
    context.log(
      "warning",
      `${shown(uuid, guest.name)} ran and is off, and libvirt does not know why (libvirtd was restarted since; ${why}): Masakari is not notified, ` +
        "because somebody may have shut it down. If nobody did, start it",
    );
    return known;
  }
  const domainEvent = DOMAIN_EVENTS[how];
  if (domainEvent === undefined) {
    context.log("info", `${shown(uuid, guest.name)} is off: ${how}, according to its log`);
    return known;
  }
  notify(context, uuid, guest.name, lifecycle(domainEvent), FOUND_LATER);
  // Its event may still come, and libvirt goes on to give its own reason.
  return {
    ...known,
    reason: guest.reason === "UNKNOWN" ? how.toUpperCase() : guest.reason,
    alreadyNotified: domainEvent,
  };
}

/** In the log's words; undefined if neither the log nor libvirt knows. */
function certainEnd({ reason }: Guest, end: LoggedEnd): string | undefined {
  const libvirts = reason === "CRASHED" ? "crashed" : undefined;
  if (end.kind === "unknown") return libvirts;
  if (end.reason !== "crashed") return end.reason;
  // As with a libvirtd that is there: a QEMU that was sent a signal has not failed.
  if (end.signal === "before") return "shutdown";
  // libvirtd ends a QEMU that has not died by itself: after a panic, or for virsh dump --crash.
  return end.signal === "after" ? libvirts : "crashed";
}
