import { type Keep, ofEach, rowsOfList, type Saved } from "../monitor/kept.ts";
import { SubjectMap } from "../monitor/subject-map.ts";
import { type EntryState, initialState, notifiedAtOf, type ProcessState, type Remembered } from "./state.ts";

/** Version 0.1.0 had 1, and the entries in a list. */
const SAVED_VERSION = 2;

/** What is saved: it changes only when there is something that must not be forgotten. */
export const kept: Keep<ProcessState> = {
  maps: {
    entries: ofEach<ProcessState, EntryState | Remembered, Remembered>(
      ({ settings, entries, remembered }) => (settings ? entries : remembered),
      (one) => ("phase" in one ? remember(one) : one),
    ),
  },
  rest: ({ bootId }) => ({ version: SAVED_VERSION, bootId }),
};

export function rememberedOf({ settings, entries, remembered }: ProcessState): ReadonlyMap<string, Remembered> {
  return settings ? new Map([...entries].map(([key, entry]) => [key, remember(entry)])) : remembered;
}

function remember({ key, entry, foundAs, upSinceBoot, foundUnit, phase }: EntryState): Remembered {
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

/** The state that an earlier run saved, or undefined if it is not of this shape. */
export function restoreState({ rest, maps }: Saved): ProcessState | undefined {
  const saved = rest as { version?: unknown; bootId?: unknown; entries?: unknown } | null | undefined;
  if (typeof saved !== "object" || saved === null || typeof saved.bootId !== "string") return undefined;
  if (saved.version !== 1 && saved.version !== SAVED_VERSION) return undefined;
  const rows = saved.version === 1 ? rowsOfList(saved.entries, "key") : (maps.entries ?? new Map());
  if (!rows?.values().every(isRemembered)) return undefined;
  const remembered = new SubjectMap(rows as ReadonlyMap<string, Remembered>);
  return { ...initialState, bootId: saved.bootId, remembered };
}

function isRemembered(row: unknown): boolean {
  const one = row as Partial<Remembered> | null | undefined;
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
