import { SubjectMap } from "../monitor/subject-map.ts";
import { type Guest, newGuest, type Occupation, type Phase, type ShortTimeout, shortTimeout } from "./guest.ts";
import { type IntrospectiveState, initialState } from "./state.ts";
import { withIndex } from "./state-changes.ts";

const PHASES: ReadonlySet<string> = new Set<Phase>(["discovery", "healthy", "error", "reported"]);

const SAVED_VERSION = 1;

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

/** What is saved of a state: it changes only when a guest first answers, ceases to, is reported, or recovers. */
export function keptOf(state: IntrospectiveState): unknown {
  const guests: SavedGuest[] = [];
  for (const {
    uuid,
    name,
    id,
    phase,
    suspected,
    alreadyNotified: told,
    startedAt,
    occupied,
  } of state.guests.values()) {
    if (phase === "discovery" && !told && !suspected) continue;
    const lasting = phase === "error" ? "healthy" : phase;
    const saved = { uuid, name, id, phase: lasting, suspected, told, startedAt: startedAt ?? null };
    guests.push(occupied ? { ...saved, occupied } : saved);
  }
  const shortTimeouts: SavedTimeout[] = [...state.shortTimeouts.values()].map(({ uuid, name }) => ({ uuid, name }));
  return { version: SAVED_VERSION, bootId: state.bootId, guests, reports: [...state.reports], shortTimeouts };
}

interface Saved {
  readonly version: number;
  readonly bootId: string;
  readonly guests: readonly SavedGuest[];
  readonly reports: readonly [string, number[]][];
  /** Absent in what an earlier version has saved. */
  readonly shortTimeouts?: readonly SavedTimeout[];
}

/** The state that an earlier run saved, or undefined if it is not of this shape. */
export function restoreState(saved: unknown): IntrospectiveState | undefined {
  if (!isSaved(saved)) return undefined;
  const guests = new Map<string, Guest>();
  for (const { startedAt, told: alreadyNotified, ...one } of saved.guests) {
    const guest = { ...newGuest(one.uuid, one.name), ...one, alreadyNotified, startedAt: startedAt ?? undefined };
    guests.set(one.uuid, guest);
  }
  const shortTimeouts = new Map<string, ShortTimeout>();
  for (const { uuid, name } of saved.shortTimeouts ?? []) shortTimeouts.set(uuid, shortTimeout(uuid, name));
  return withIndex({
    ...initialState,
    bootId: saved.bootId,
    guests: new SubjectMap(guests),
    reports: new SubjectMap(saved.reports),
    shortTimeouts: new SubjectMap(shortTimeouts),
  });
}

function isSaved(saved: unknown): saved is Saved {
  const kept = saved as Partial<Record<keyof Saved, unknown>> | null | undefined;
  if (typeof kept !== "object" || kept === null || kept.version !== SAVED_VERSION) return false;
  const { bootId, guests, reports, shortTimeouts = [] } = kept;
  return (
    typeof bootId === "string" &&
    isArrayOf(guests, isSavedGuest) &&
    isArrayOf(reports, isReports) &&
    isArrayOf(shortTimeouts, isSavedTimeout)
  );
}

function isArrayOf(value: unknown, isOne: (one: never) => boolean): boolean {
  return Array.isArray(value) && value.every((one) => isOne(one as never));
}

function isSavedTimeout(one: Partial<SavedTimeout> | null): boolean {
  return typeof one?.uuid === "string" && typeof one.name === "string";
}

function isSavedGuest(one: Partial<SavedGuest> | null): boolean {
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

function isReports(one: unknown): one is [string, number[]] {
  return (
    Array.isArray(one) &&
    typeof one[0] === "string" &&
    Array.isArray(one[1]) &&
    one[1].every((time) => typeof time === "number")
  );
}
