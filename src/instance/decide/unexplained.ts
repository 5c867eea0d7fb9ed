import type { LoggedEnd } from "../observation.ts";
import { type Guest, isOff } from "../state.ts";
import { FAILED, lifecycle } from "./table.ts";
import { notify, say, shown, type Turn } from "./turn.ts";

/** What an event would have told of an end, by virDomainShutoffReason; nothing of the others. */
const TOLD: Readonly<Record<string, string>> = {
  crashed: FAILED,
  daemon: FAILED,
  shutdown: "STOPPED_SHUTDOWN",
  destroyed: "STOPPED_DESTROYED",
};
/** virDomainShutoffReason where libvirt does not know how a guest has ended, or that QEMU was ended by somebody. */
const UNCERTAIN: ReadonlySet<string> = new Set(["UNKNOWN", "CRASHED"]);

/**
 * A libvirtd that is stopped (SIGTERM, an upgrade) while a guest ends may tell nobody of it. The next one has no reason for a
 * guest that was cleared away, and takes one whose QEMU it finds gone for crashed. Somebody may have shut it down, so that
 * the end of its log decides.
 */
export function askForEnd(before: Guest, off: Guest, uuid: string, turn: Turn): Guest {
  turn.effects.push({ kind: "readEnd", uuid, name: off.name });
  // Another restart of libvirtd forgets the reason of the one before.
  return { ...off, reason: before.endUnknown ? before.reason : off.reason, endUnknown: true };
}

/** Whether a guest that is found off has ended since it was seen last, without a certain reason, or its log is still to be read. */
export function isUnexplained(guest: Guest, { reason }: Guest, turn: Turn): boolean {
  if (!UNCERTAIN.has(reason)) return false;
  if (isOff(guest)) return guest.endUnknown;
  // The libvirtd that saw it run gives no reason when it fails to take the guest over (qemuProcessReconnect).
  return ranOn(guest) && !(turn.again && reason === "UNKNOWN");
}

/** It was neither off when seen last, nor about to be: of an end under way, and of a panic, libvirtd had told. */
export function ranOn(guest: Guest): boolean {
  return !isOff(guest) && guest.state !== "SHUTDOWN" && guest.state !== "CRASHED";
}

/** What QEMU's log says is told as its event would have been. */
export function endRead(guest: Guest, uuid: string, end: LoggedEnd, turn: Turn): Guest {
  if (!isOff(guest) || !guest.endUnknown) return guest;
  const known = { ...guest, endUnknown: false };
  const how = certainEnd(guest, end);
  if (how === undefined) {
    const why = end.kind === "unknown" ? end.why : "its log shows a panic or virsh dump --crash";
    say(
      turn,
      "warning",
      `${shown(uuid, guest.name)} ran and is off, and libvirt does not know why (it was restarted since; ${why}); Masakari ` +
        "is not notified, since somebody may have shut it down. If nobody has, start it",
    );
    return known;
  }
  const told = TOLD[how];
  if (told === undefined) {
    say(turn, "info", `${shown(uuid, guest.name)} is off: ${how}, as its log says`);
    return known;
  }
  notify(turn, uuid, guest.name, lifecycle(told), ", found when comparing with what was before");
  // Its event may still come, and looks will go on to say what libvirt says.
  return { ...known, reason: guest.reason === "UNKNOWN" ? how.toUpperCase() : guest.reason, told };
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
