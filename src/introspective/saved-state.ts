import { type Keep, ofEach, rowsOfList, type Saved } from "../monitor/kept.ts";
import { SubjectMap } from "../monitor/subject-map.ts";
import { type Guest, newGuest, type Occupation, type Phase, type ShortTimeout, shortTimeout } from "./guest.ts";
import { type IntrospectiveState, initialState } from "./state.ts";
import { withIndex } from "./state-changes.ts";

const PHASES: ReadonlySet<string> = new Set<Phase>(["discovery", "healthy", "error", "reported"]);

/** Version 0.1.0 had 1, and everything in one value. */
const SAVED_VERSION = 2;

/** What of a guest outlasts the monitor: that it has answered, and whether Masakari was notified. Failures are counted afresh. */
type SavedGuest = Pick<Guest, "uuid" | "name" | "id" | "phase" | "suspected"> & {
  /** `alreadyNotified`. */
  readonly told: boolean;
  readonly startedAt: number | null;
  /** Absent if it is not, and in what an earlier version has saved. */
  readonly occupied?: Occupation;
};

/** libvirt keeps a time-out over every restart of the monitor, and of its own: so must the knowledge that it is short. */
type SavedTimeout = Pick<ShortTimeout, "uuid" | "name">;

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
      ({ uuid, name }): SavedTimeout => ({ uuid, name }),
    ),
  },
  rest: ({ bootId }) => ({ version: SAVED_VERSION, bootId }),
};

function savedGuest(guest: Guest): SavedGuest | undefined {
  const { uuid, name, id, phase, suspected, alreadyNotified: told, startedAt, occupied } = guest;
  if (phase === "discovery" && !told && !suspected) return undefined;
  const lasting = phase === "error" ? "healthy" : phase;
  const saved = { uuid, name, id, phase: lasting, suspected, told, startedAt: startedAt ?? null };
  return occupied ? { ...saved, occupied } : saved;
}

/** The state that an earlier run saved, or undefined if it is not of this shape. */
export function restoreState(saved: Saved): IntrospectiveState | undefined {
  const { version, bootId } = (saved.rest ?? {}) as Partial<Record<"version" | "bootId", unknown>>;
  if (typeof bootId !== "string") return undefined;
  if (version !== 1 && version !== SAVED_VERSION) return undefined;
  const { guests = NONE, reports = NONE, shortTimeouts = NONE } = version === 1 ? mapsOf010(saved.rest) : saved.maps;
  if (!isOf(guests, isSavedGuest) || !isOf(reports, isTimes) || !isOf(shortTimeouts, isSavedTimeout)) return undefined;
  return withIndex({
    ...initialState,
    bootId,
    guests: new SubjectMap([...guests].map(([uuid, guest]) => [uuid, guestOf(guest)])),
    reports: new SubjectMap(reports),
    shortTimeouts: new SubjectMap([...shortTimeouts].map(([uuid, { name }]) => [uuid, shortTimeout(uuid, name)])),
  });
}

function guestOf({ startedAt, told: alreadyNotified, ...one }: SavedGuest): Guest {
  return { ...newGuest(one.uuid, one.name), ...one, alreadyNotified, startedAt: startedAt ?? undefined };
}

const NONE: ReadonlyMap<string, unknown> = new Map();
/** Makes the state unusable. */
const UNUSABLE: ReadonlyMap<string, unknown> = new Map([["", undefined]]);

/** Version 0.1.0 had all in one value, and its first builds no `shortTimeouts`. */
function mapsOf010(rest: unknown): Saved["maps"] {
  const { guests, reports, shortTimeouts = [] } = rest as Partial<Record<string, unknown>>;
  const isPairs = Array.isArray(reports) && reports.every((pair) => Array.isArray(pair) && typeof pair[0] === "string");
  return {
    guests: rowsOfList(guests, "uuid") ?? UNUSABLE,
    reports: isPairs ? new Map(reports) : UNUSABLE,
    shortTimeouts: rowsOfList(shortTimeouts, "uuid") ?? UNUSABLE,
  };
}

function isOf<Row>(
  rows: ReadonlyMap<string, unknown>,
  isRow: (row: unknown) => row is Row,
): rows is ReadonlyMap<string, Row> {
  return rows.values().every(isRow);
}

function isSavedTimeout(row: unknown): row is SavedTimeout {
  const one = row as Partial<SavedTimeout> | null | undefined;
  return typeof one?.uuid === "string" && typeof one.name === "string";
}

function isSavedGuest(row: unknown): row is SavedGuest {
  const one = row as Partial<SavedGuest> | null | undefined;
  return (
    typeof one?.uuid === "string" &&
    typeof one.name === "string" &&
    typeof one.id === "number" &&
    PHASES.has(String(one.phase)) &&
    typeof one.suspected === "boolean" &&
    typeof one.told === "boolean" &&
    (one.startedAt === null || typeof one.startedAt === "number") &&
    (one.occupied === undefined || isOccupation(one.occupied))
  );
}

function isOccupation(one: Partial<Occupation> | null): boolean {
  return typeof one?.since === "number" && typeof one.by === "string";
}

function isTimes(row: unknown): row is readonly number[] {
  return Array.isArray(row) && row.every((time) => typeof time === "number");
}
