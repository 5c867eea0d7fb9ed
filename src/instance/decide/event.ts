import type { GuestEvent, GuestName } from "../observation.ts";
import type { Guest } from "../state.ts";
import { sendOnce } from "./collapse.ts";
import { goOn } from "./life.ts";
import { lifecycleSeen } from "./lifecycle.ts";
import { tellingOf } from "./table.ts";
import { newGuest, say, shown, type Turn } from "./turn.ts";

/** @returns the guest after one event of it, undefined if there is none (any more) */
export function eventSeen(
  guest: Guest | undefined,
  name: GuestName,
  event: GuestEvent,
  number: number,
  turn: Turn,
): Guest | undefined {
  if (event.kind === "lifecycle") return lifecycleSeen(guest, name, event, number, turn);
  // Only a guest that runs has such events.
  const known =
    guest ?? newGuest({ name: name.name, id: name.id, state: "RUNNING", reason: "UNKNOWN", transient: turn.complete });
  if (event.kind === "controlError" && known.incoming) {
    say(
      turn,
      "info",
      `${shown(name.uuid, name.name)}: libvirt has lost its QEMU, which never ran here: its migration fails`,
    );
    return known;
  }
  const told = tellingOf(event);
  const sent = told === undefined ? known : sendOnce(known, name.uuid, told, turn);
  // on_crash=restart tells of the restart by this event alone; so does what restarts at its power-off.
  if (event.kind !== "reboot" || !["CRASHED", "SHUTDOWN"].includes(sent.state)) return sent;
  return { ...goOn(sent, name.uuid, turn), state: "RUNNING", reason: "CRASHED", lastEvent: number };
}
