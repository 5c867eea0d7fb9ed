import { Html, html } from "./html.ts";

/** A span of time for a person, in two units at most. The script of the page writes the same. @param ms not negative */
export function span(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

/** How long ago it was, which the script keeps up to date. @param at ISO 8601 @param now ms since the epoch */
export function ago(at: string | undefined | null, now: number): Html {
  const time = at === undefined || at === null ? Number.NaN : Date.parse(at);
  if (Number.isNaN(time)) return html`<span class="none">not known</span>`;
  const iso = new Date(time).toISOString();
  return html`<time datetime="${iso}" title="${clock(time)}" data-age>${span(now - time)}</time>`;
}

/** `19:03:04.123 UTC`, with the date if it is not today's. */
export function timeOfDay(at: string, now: number): Html {
  const time = Date.parse(at);
  if (Number.isNaN(time)) return new Html("");
  const iso = new Date(time).toISOString();
  const isToday = iso.slice(0, 10) === new Date(now).toISOString().slice(0, 10);
  return html`<time datetime="${iso}">${isToday ? "" : `${iso.slice(0, 10)} `}${iso.slice(11, 23)}</time>`;
}

/** `2026-11-28 19:03:04 UTC` */
export const clock = (time: number): string => `${new Date(time).toISOString().slice(0, 19).replace("T", " ")} UTC`;
