import type { GuestEvent, GuestName } from "../observation.ts";
import type { Guest } from "../state.ts";
import { type Context, newGuest, shown } from "./context.ts";
import { continueRun } from "./guest-run.ts";
import { applyLifecycleEvent } from "./lifecycle.ts";
import { vmEventOf } from "./notification-table.ts";
import { notifyOnce } from "./notify-once.ts";

/** @returns the guest after one event of it, undefined if there is none (any more) */
export function applyEvent(
  guest: Guest | undefined,
  name: GuestName,
  event: GuestEvent,
  number: number,
  context: Context,
): Guest | undefined {
  if (event.kind === "lifecycle") return applyLifecycleEvent(guest, name, event, number, context);
  // Only a guest that runs has such events.
  const known =
    guest ??
    newGuest({ name: name.name, id: name.id, state: "RUNNING", reason: "UNKNOWN", transient: context.complete });
  if (event.kind === "controlError" && known.incoming) {
    context.log(
      "info",
      `${shown(name.uuid, name.name)}: libvirt lost its QEMU before it ran here: its migration to this host fails`,
    );
    return known;
  }
  const vmEvent = vmEventOf(event);
  const next = vmEvent === undefined ? known : notifyOnce(known, name.uuid, vmEvent, context);
  // With on_crash=restart, and on_poweroff=restart, this is the only event of the restart.
  if (event.kind !== "reboot" || !["CRASHED", "SHUTDOWN"].includes(next.state)) return next;
  return { ...continueRun(next, name.uuid, context), state: "RUNNING", reason: "CRASHED", lastEvent: number };
}

/**
 * Why an event led to no notification, for the metrics. `no_failure`: upstream's table has none for it. `repeat`: an equal one was notified a
 * moment ago. `explained`: a migration, a dump by hand, or an end that a look at all guests has found before.
 */
export function whyIgnored(event: GuestEvent, before: Guest | undefined): "no_failure" | "repeat" | "explained" {
  if (vmEventOf(event) === undefined) return "no_failure";
  return event.kind === "lifecycle" || (event.kind === "controlError" && before?.incoming) ? "explained" : "repeat";
}
