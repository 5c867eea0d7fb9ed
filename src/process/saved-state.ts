import { object, optional, picklist, string, unknown } from "valibot";
import { type Keep, type OnUnreadable, ofEach, readableRows, rowsOfList, type Saved } from "../monitor/kept.ts";
import { SubjectMap } from "../monitor/subject-map.ts";
import { conforming } from "../system/parse-json.ts";
import { type SavedEntry, savedEntry } from "./saved-entry.ts";
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

const savedRest = object({ version: picklist([1, VERSION]), bootId: string(), entries: optional(unknown()) });

/** The state that an earlier run saved, also one of version 0.1.0, or undefined if it is not of this shape. */
export function restoreState(
  { rest, maps }: Saved,
  onUnreadable: OnUnreadable = () => undefined,
): ProcessState | undefined {
  const known = conforming(savedRest, rest);
  if (known === undefined) return undefined;
  const rows = known.version === 1 ? rowsOfList(known.entries, "key") : (maps.entries ?? new Map<string, unknown>());
  if (rows === undefined) return undefined;
  const saved = new SubjectMap(readableRows("entries", rows, savedEntry, onUnreadable));
  return { ...initialState, bootId: known.bootId, saved };
}
