import type { Guest } from "../state.ts";
import { type Context, notify } from "./context.ts";
import type { VmEvent } from "./notification-table.ts";

/**
 * One reset makes two or three REBOOT events, one failing disk an error for each request: the first is notified, and its
 * equals within `collapse_window` are not. Only for events that change no state, so that no failure can hide behind another.
 */
export function notifyOnce(guest: Guest, uuid: string, vmEvent: VmEvent, context: Context): Guest {
  const key = `${vmEvent.event}/${vmEvent.domainEvent}`;
  const { mono } = context.at;
  const windowMs = context.settings.collapse_window * 1000;
  const last = guest.recent[key];
  if (last !== undefined && mono - last < windowMs) return guest;
  notify(context, uuid, guest.name, vmEvent);
  return windowMs > 0 ? { ...guest, recent: { ...guest.recent, [key]: mono } } : guest;
}
