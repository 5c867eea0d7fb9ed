import { type Keep, ofEach, rowsOfList, type Saved } from "../monitor/kept.ts";
import { SubjectMap } from "../monitor/subject-map.ts";
import type { SavedEntry } from "./saved-entry.ts";
import { type EntryState, initialState, notifiedAtOf, type ProcessState } from "./state.ts";

/** A row for each entry. Until version 1 all entries were in `rest`. */
const VERSION = 2;

export const kept: Keep<ProcessState> = {
  maps: {
    entries: ofEach(
      // What an earlier run left stays saved until the first `started` takes it over.
      ({ settings, saved, entries }): SubjectMap<EntryState | SavedEntry> => (settings === undefined ? saved : entries),
      (value) => ("phase" in value ? savedOf(value) : value),
    ),
  },
  rest: ({ bootId }) => ({ version: VERSION, bootId }),
};

export function savedOf({ key, entry, foundAs, upSinceBoot, foundUnit, phase }: EntryState): SavedEntry {
  return {
    key,
    match: entry.match,
    pidfile: entry.pidfile ?? null,
    user: entry.user ?? null,
    seenAs: foundAs,
    toldAt: notifiedAtOf(phase) ?? null,
    process: ("process" in phase && phase.process) || null,
    seenUp: upSinceBoot,
    foundUnit: foundUnit ?? null,
  };
}

/** The state that an earlier run saved, also one of version 0.1.0, or undefined if it is not of this shape. */
export function restoreState({ rest, maps }: Saved): ProcessState | undefined {
  const { version, bootId, entries } = (rest ?? {}) as { version?: unknown; bootId?: unknown; entries?: unknown };
  if (typeof bootId !== "string" || (version !== 1 && version !== VERSION)) return undefined;
  const rows = version === 1 ? rowsOfList(entries, "key") : (maps.entries ?? new Map<string, unknown>());
  const saved: [string, SavedEntry][] = [];
  for (const [key, row] of rows ?? []) {
    if (!isSaved(row)) return undefined;
    saved.push([key, row]);
  }
  return rows && { ...initialState, bootId, saved: new SubjectMap(saved) };
}

function isSaved(row: unknown): row is SavedEntry {
  const one = row as Partial<SavedEntry> | null;
  return (
    typeof one?.key === "string" &&
    typeof one.match === "string" &&
    typeof one.seenAs === "string" &&
    (one.process == null || (Number.isInteger(one.process.pid) && Number.isInteger(one.process.startTime))) &&
    ["undefined", "boolean"].includes(typeof one.seenUp) &&
    (one.foundUnit === undefined || one.foundUnit === null || typeof one.foundUnit === "string") &&
    (one.toldAt === null || (typeof one.toldAt?.wall === "number" && typeof one.toldAt.mono === "number"))
  );
}
