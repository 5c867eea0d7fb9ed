import type { Guest } from "../state.ts";
import { isOff } from "../state.ts";
import { FAILED, isActedOn, type Told } from "./table.ts";
import { supersede, type Turn } from "./turn.ts";

/** A run of the guest that begins now, whatever was known of an earlier one: nothing undelivered is true of this one. */
export function beginLife(guest: Guest, uuid: string, turn: Turn): Guest {
  supersede(turn, uuid, "the guest has been started again since");
  return { ...guest, incoming: false, told: null, endUnknown: false, panicHeard: false, recent: {} };
}

/** The same run goes on: that it was suspended, or had crashed, is no longer true; that its disk failed is. */
export function goOn(guest: Guest, uuid: string, turn: Turn): Guest {
  const crashed = guest.state === "CRASHED";
  supersede(turn, uuid, "the guest runs again", (told) => isOver(told, crashed));
  const { "IO_ERROR/IO_ERROR_PAUSE": _, ...recent } = guest.recent;
  return { ...guest, incoming: false, told: null, panicHeard: false, recent };
}

/** It is off, and lived again before that: whoever has started it since has seen to its failure. */
export function overtaken(uuid: string, turn: Turn): void {
  supersede(turn, uuid, "the guest has run again since", isActedOn);
}

function isOver({ event, domainEvent }: Told, crashed: boolean): boolean {
  if (domainEvent === "IO_ERROR_PAUSE") return true;
  return event === "LIFECYCLE" && (domainEvent.startsWith("SUSPENDED_") || (crashed && domainEvent === FAILED));
}

/** Whether it now runs a life that was not known of. @param id libvirt gives each run of a domain another one */
export function isNewLife(guest: Guest | undefined, id: number): boolean {
  return guest === undefined || isOff(guest) || (guest.id > 0 && id > 0 && guest.id !== id);
}
