import type { ProcessEntry } from "../../config/process-entry.ts";
import { SubjectMap } from "../../monitor/subject-map.ts";
import { keyed } from "../keyed.ts";
import type { SavedEntry } from "../saved-entry.ts";
import { savedOf } from "../saved-state.ts";
import { type EntryState, notifiedAtOf, type Phase, type ProcessState } from "../state.ts";
import { type Context, subjectOf } from "./context.ts";

/** By which the processes of an entry are recognised, beside its name. */
type MatchRule = Pick<SavedEntry, "match" | "pidfile" | "user">;

/** What is known of an earlier boot of this host: what was notified in that is over, and so is every process. */
export function savedAfterReboot(state: ProcessState, context: Context): SubjectMap<SavedEntry> {
  const saved = savedEntries(state).map(({ key, ...one }): [string, SavedEntry] => {
    if (one.toldAt) withdraw(key, "this host has been rebooted since", context);
    return [key, { ...one, key, toldAt: null, process: null, seenUp: false }];
  });
  return new SubjectMap(saved);
}

/**
 * The entries at a start of the monitor. What an earlier run of this boot has notified stays notified; everything else is looked at
 * afresh, because nothing was watched meanwhile, except by a command of this program that is under way. But a process that was watched and lives is known, whatever it shows by now; and how
 * an entry was once found is no demand on what is found now, except as a sign that a failure which was notified is over.
 */
export function entriesAtStart(
  state: ProcessState,
  list: readonly ProcessEntry[],
  context: Context,
): SubjectMap<EntryState> {
  const { settings } = state;
  const saved = new Map(savedEntries(state).map((one) => [one.key, one]));
  const entries = keyed(list).map(({ key, entry }): [string, EntryState] => {
    const current = settings === undefined ? undefined : state.entries.get(key);
    // Its end is observed in this run of sensing, too.
    if (current && isCommandUnderWay(current.phase) && isMatchedAlike(matchOf(current), entry)) {
      return [key, { ...current, entry }];
    }
    const before = saved.get(key);
    const notifiedAt = before?.toldAt ?? undefined;
    const known = before && isMatchedAlike(before, entry) ? before : undefined;
    const foundAs = known && (notifiedAt || known.seenAs === "partial") ? known.seenAs : "nothing";
    const process = known?.process ?? undefined;
    if (process) context.act({ kind: "watch", key, process, whole: known?.seenAs === "whole" });
    const upSinceBoot = before?.seenUp === true;
    const foundUnit = before?.foundUnit ?? undefined;
    const phase = { name: "unchecked", notifiedAt, ...(process && { process }) } as const;
    return [key, { key, entry, foundAs, upSinceBoot, foundUnit, phase }];
  });
  const byKey = new SubjectMap(entries);
  for (const { key, toldAt } of saved.values()) {
    if (toldAt && !byKey.has(key)) withdraw(key, "it is no longer in the process list", context);
  }
  return byKey;
}

/** The entries after an edit of the list: removed ones are dropped, new ones looked at, changed ones go on where they are. */
export function entriesAfterEdit(
  current: SubjectMap<EntryState>,
  list: readonly ProcessEntry[],
  context: Context,
): SubjectMap<EntryState> {
  const entries = keyed(list).map(({ key, entry }): [string, EntryState] => {
    const before = current.get(key);
    return [key, before ? entryAfterEdit(before, entry, context) : newEntry(key, entry, context)];
  });
  const byKey = new SubjectMap(entries);
  for (const { key, phase } of current.values()) {
    if (byKey.has(key)) continue;
    context.log("info", `${key}: removed from the process list, no longer watched`);
    context.cancelWake(key);
    context.act({ kind: "unwatch", key });
    if (notifiedAtOf(phase)) withdraw(key, "it is no longer in the process list", context);
  }
  return byKey;
}

function newEntry(key: string, entry: ProcessEntry, context: Context): EntryState {
  context.log("info", `${key}: new in the process list`);
  const phase = { name: "unchecked", notifiedAt: undefined } as const;
  return { key, entry, foundAs: "nothing", upSinceBoot: false, foundUnit: undefined, phase };
}

function entryAfterEdit(before: EntryState, entry: ProcessEntry, context: Context): EntryState {
  if (isMatchedAlike(matchOf(before), entry)) return { ...before, entry };
  const changed: EntryState = { ...before, entry, foundAs: "nothing" };
  if (before.phase.name !== "up") return changed;
  // What is watched was found by the rule before.
  context.act({ kind: "unwatch", key: before.key });
  return { ...changed, phase: { name: "unchecked", notifiedAt: undefined } };
}

/** Of an earlier run before the first `started`, else of this one. */
function savedEntries({ settings, saved, entries }: ProcessState): readonly SavedEntry[] {
  return settings === undefined ? [...saved.values()] : [...entries.values()].map(savedOf);
}

function withdraw(key: string, reason: string, context: Context): void {
  context.supersede(subjectOf(key), reason);
}

function isCommandUnderWay(phase: Phase): boolean {
  return "run" in phase && phase.run !== undefined;
}

function matchOf({ entry }: EntryState): MatchRule {
  const { match, pidfile, user } = entry;
  return { match, pidfile: pidfile ?? null, user: user ?? null };
}

function isMatchedAlike(one: MatchRule, other: ProcessEntry): boolean {
  const sameFile = one.pidfile === (other.pidfile ?? null);
  return one.match === other.match && sameFile && (one.user ?? null) === (other.user ?? null);
}
