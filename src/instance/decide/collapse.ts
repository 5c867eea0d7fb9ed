import type { Guest } from "../state.ts";
import type { Told } from "./table.ts";
import { notify, type Turn } from "./turn.ts";

/**
 * One reset makes two or three REBOOT events, one failing disk an error for each request: the first is told, and its
 * equals within `collapse_window` are not. Only for events that tell no state, so that no failure can hide behind another.
 */
export function sendOnce(guest: Guest, uuid: string, told: Told, turn: Turn): Guest {
  const key = `${told.event}/${told.domainEvent}`;
  const { mono } = turn.at;
  const windowMs = turn.settings.collapse_window * 1000;
  const last = guest.recent[key];
  if (last !== undefined && mono - last < windowMs) return guest;
  notify(turn, uuid, guest.name, told);
  return windowMs > 0 ? { ...guest, recent: { ...guest.recent, [key]: mono } } : guest;
}
