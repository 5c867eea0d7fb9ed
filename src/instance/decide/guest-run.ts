import type { Guest } from "../state.ts";
import { isOff } from "../state.ts";
import { type Context, supersede } from "./context.ts";
import { ACTED_ON, FAILED, lifecycle, SUSPENDED, type VmEvent } from "./notification-table.ts";

/** A run of the guest that begins now, whatever was known of an earlier one: nothing undelivered is true of this one. */
export function startRun(guest: Guest, uuid: string, context: Context): Guest {
  supersede(context, uuid, "the guest has been started again since");
  return { ...guest, incoming: false, alreadyNotified: null, endUnknown: false, panicEvent: false, recent: {} };
}

/** The same run goes on: that it was suspended, or had crashed, is no longer true; that its disk failed is. */
export function continueRun(guest: Guest, uuid: string, context: Context): Guest {
  const crashed = guest.state === "CRASHED" ? [lifecycle(FAILED)] : [];
  supersede(context, uuid, "the guest runs again", [PAUSED_BY_IO_ERROR, ...SUSPENDED, ...crashed]);
  const { "IO_ERROR/IO_ERROR_PAUSE": _, ...recent } = guest.recent;
  return { ...guest, incoming: false, alreadyNotified: null, panicEvent: false, recent };
}

/** It is off, and ran again before that: its failure was handled by the one who started it. */
export function supersedeFailures(uuid: string, context: Context): void {
  supersede(context, uuid, "the guest has run again since", ACTED_ON);
}

const PAUSED_BY_IO_ERROR: VmEvent = { event: "IO_ERROR", domainEvent: "IO_ERROR_PAUSE" };

/** Whether this is a run that was not known. @param id libvirt gives each run of a domain another one */
export function isNewRun(guest: Guest | undefined, id: number): boolean {
  return guest === undefined || isOff(guest) || (guest.id > 0 && id > 0 && guest.id !== id);
}
