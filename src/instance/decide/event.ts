import type { GuestEvent, GuestName } from "../observation.ts";
import type { Guest } from "../state.ts";
import { continueRun } from "./guest-run.ts";
import { applyLifecycleEvent } from "./lifecycle.ts";
import { vmEventOf } from "./notification-table.ts";
import { notifyOnce } from "./notify-once.ts";
import { newGuest, say, shown, type Turn } from "./turn.ts";

/** @returns the guest after one event of it, undefined if there is none (any more) */
export function applyEvent(
  guest: Guest | undefined,
  name: GuestName,
  event: GuestEvent,
  number: number,
  turn: Turn,
): Guest | undefined {
  if (event.kind === "lifecycle") return applyLifecycleEvent(guest, name, event, number, turn);
  // Only a guest that runs has such events.
  const known =
    guest ?? newGuest({ name: name.name, id: name.id, state: "RUNNING", reason: "UNKNOWN", transient: turn.complete });
  if (event.kind === "controlError" && known.incoming) {
    say(
      turn,
      "info",
      `${shown(name.uuid, name.name)}: libvirt lost its QEMU before it ran here: its migration to this host fails`,
    );
    return known;
  }
  const vmEvent = vmEventOf(event);
  const next = vmEvent === undefined ? known : notifyOnce(known, name.uuid, vmEvent, turn);
  // With on_crash=restart, and on_poweroff=restart, this is the only event of the restart.
  if (event.kind !== "reboot" || !["CRASHED", "SHUTDOWN"].includes(next.state)) return next;
  return { ...continueRun(next, name.uuid, turn), state: "RUNNING", reason: "CRASHED", lastEvent: number };
}
