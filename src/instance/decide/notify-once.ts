import type { Guest } from "../state.ts";
import type { VmEvent } from "./notification-table.ts";
import { notify, type Turn } from "./turn.ts";

/**
 * One reset makes two or three REBOOT events, one failing disk an error for each request: the first is notified, and its
 * equals within `collapse_window` are not. Only for events that change no state, so that no failure can hide behind another.
 */
export function notifyOnce(guest: Guest, uuid: string, vmEvent: VmEvent, turn: Turn): Guest {
  const key = `${vmEvent.event}/${vmEvent.domainEvent}`;
  const { mono } = turn.at;
  const windowMs = turn.settings.collapse_window * 1000;
  const last = guest.recent[key];
  if (last !== undefined && mono - last < windowMs) return guest;
  notify(turn, uuid, guest.name, vmEvent);
  return windowMs > 0 ? { ...guest, recent: { ...guest.recent, [key]: mono } } : guest;
}
