import {
  array,
  boolean,
  fallback,
  type InferOutput,
  nullable,
  number,
  object,
  optional,
  picklist,
  string,
  tuple,
  unknown,
} from "valibot";
import { type Keep, type OnUnreadable, ofEach, readableRows, rowsOfList, type Saved } from "../monitor/kept.ts";
import { SubjectMap } from "../monitor/subject-map.ts";
import { conforming } from "../system/parse-json.ts";
import { type Guest, newGuest, shortTimeout } from "./guest.ts";
import { type IntrospectiveState, initialState } from "./state.ts";
import { withIndex } from "./state-changes.ts";

/** Version 0.1.0 had 1, and everything in one value. */
const SAVED_VERSION = 2;

/** What of a guest outlasts the monitor: that it has answered, and whether Masakari was notified. Failures are counted afresh. */
const savedGuestRow = object({
  uuid: string(),
  name: string(),
  id: number(),
  phase: picklist(["discovery", "healthy", "error", "reported"]),
  suspected: boolean(),
  /** `alreadyNotified`. */
  told: boolean(),
  startedAt: nullable(number()),
  /** Absent if it is sent, and in what an earlier version has saved. */
  unsent: optional(picklist(["shadow", "max_reports"])),
  /** Absent if it is not, and in what an earlier version has saved. */
  occupied: optional(object({ since: number(), by: string() })),
});

type SavedGuest = Readonly<InferOutput<typeof savedGuestRow>>;

/**
 * libvirt keeps a time-out over every restart of the monitor, and of its own: so must the knowledge that it is short. Nothing but
 * the key is needed to reset it.
 */
const savedTimeout = fallback(object({ name: nullable(string()) }), { name: null });

/** What is saved: it changes only when a guest first answers, ceases to, is reported, or recovers. */
export const kept: Keep<IntrospectiveState> = {
  maps: {
    guests: ofEach(({ guests }) => guests, savedGuest),
    reports: ofEach(
      ({ reports }) => reports,
      (times) => times,
    ),
    shortTimeouts: ofEach(
      ({ shortTimeouts }) => shortTimeouts,
      ({ uuid, name }) => ({ uuid, name }),
    ),
  },
  rest: ({ bootId }) => ({ version: SAVED_VERSION, bootId }),
};

function savedGuest(guest: Guest): SavedGuest | undefined {
  const { uuid, name, id, phase, suspected, alreadyNotified: told, startedAt, occupied, unsent } = guest;
  if (phase === "discovery" && !told && !suspected) return undefined;
  const lasting = phase === "error" ? "healthy" : phase;
  const saved = { uuid, name, id, phase: lasting, suspected, told, startedAt: startedAt ?? null };
  return { ...saved, ...(unsent && { unsent }), ...(occupied && { occupied }) };
}

const savedRest = object({ version: picklist([1, SAVED_VERSION]), bootId: string() });

/** The state that an earlier run saved, or undefined if it is not of this shape. */
export function restoreState(
  { rest, maps }: Saved,
  onUnreadable: OnUnreadable = () => undefined,
): IntrospectiveState | undefined {
  const known = conforming(savedRest, rest);
  const rows = known?.version === 1 ? mapsOf010(rest) : maps;
  if (known === undefined || rows === undefined) return undefined;
  const guests = readableRows("guests", rows.guests, savedGuestRow, onUnreadable);
  const reports = readableRows("reports", rows.reports, array(number()), onUnreadable);
  const timeouts = readableRows("shortTimeouts", rows.shortTimeouts, savedTimeout, onUnreadable);
  return withIndex({
    ...initialState,
    bootId: known.bootId,
    guests: new SubjectMap(guests.map(([uuid, guest]) => [uuid, guestOf(guest)])),
    reports: new SubjectMap(reports),
    shortTimeouts: new SubjectMap(timeouts.map(([uuid, { name }]) => [uuid, shortTimeout(uuid, name ?? uuid)])),
  });
}

function guestOf({ startedAt, told: alreadyNotified, ...one }: SavedGuest): Guest {
  return { ...newGuest(one.uuid, one.name), ...one, alreadyNotified, startedAt: startedAt ?? undefined };
}

const savedBy010 = object({
  guests: array(unknown()),
  reports: array(tuple([string(), unknown()])),
  /** Its first builds had none. */
  shortTimeouts: optional(array(unknown()), []),
});

/** Version 0.1.0 had all in one value. */
function mapsOf010(rest: unknown): Saved["maps"] | undefined {
  const known = conforming(savedBy010, rest);
  const guests = rowsOfList(known?.guests, "uuid");
  const shortTimeouts = rowsOfList(known?.shortTimeouts, "uuid");
  if (known === undefined || guests === undefined || shortTimeouts === undefined) return undefined;
  return { guests, reports: new Map(known.reports), shortTimeouts };
}
