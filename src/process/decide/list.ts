import type { ProcessEntry } from "../../config/process-entry.ts";
import { SubjectMap } from "../../monitor/subject-map.ts";
import { rememberedOf } from "../saved-state.ts";
import { type EntryState, keyed, notifiedAtOf, type ProcessState, type Remembered } from "../state.ts";
import { type Context, log, subjectOf } from "./context.ts";

/** What is remembered of another boot of this host: what was notified in that is over, and so is every process. */
export function rememberedAfterReboot(saved: ProcessState, context: Context): SubjectMap<Remembered> {
  const all = [...rememberedOf(saved)].map(([key, one]): [string, Remembered] => {
    if (one.toldAt) withdraw(key, "this host has been rebooted since", context);
    return [key, { ...one, toldAt: null, process: null, seenUp: false }];
  });
  return new SubjectMap(all);
}

/**
 * The entries at a start of the monitor. What an earlier run of this boot has notified stays notified; everything else is looked at
 * afresh, because nothing was watched meanwhile. But a process that was watched and lives is known, whatever it shows by now; and how
 * an entry was once found is no demand on what is found now, except as a sign that a failure which was notified is over.
 */
export function entriesAtStart(
  saved: ProcessState,
  list: readonly ProcessEntry[],
  context: Context,
): SubjectMap<EntryState> {
  const remembered = rememberedOf(saved);
  const entries = keyed(list).map(({ key, entry }): EntryState => {
    const before = remembered.get(key);
    const notifiedAt = before?.toldAt ?? undefined;
    const known = before && sameLooks(before, entry) ? before : undefined;
    const foundAs = known && (notifiedAt || known.seenAs === "partial") ? known.seenAs : "nothing";
    const process = known?.process ?? undefined;
    if (process) context.effects.push({ kind: "watch", key, process, whole: known?.seenAs === "whole" });
    return {
      key,
      entry,
      foundAs,
      upSinceBoot: before?.seenUp === true,
      foundUnit: before?.foundUnit ?? undefined,
      phase: { name: "unchecked", notifiedAt, ...(process && { process }) },
    };
  });
  const byKey = new SubjectMap(entries.map((one) => [one.key, one]));
  for (const gone of remembered.values()) {
    if (gone.toldAt && !byKey.has(gone.key)) withdraw(gone.key, "it is no longer in the process list", context);
  }
  return byKey;
}

/** The entries after an edit of the list: removed ones are dropped, new ones looked at, changed ones go on where they are. */
export function entriesAfterEdit(
  current: SubjectMap<EntryState>,
  list: readonly ProcessEntry[],
  context: Context,
): SubjectMap<EntryState> {
  const entries = keyed(list).map(({ key, entry }): EntryState => {
    const before = current.get(key);
    if (!before) {
      log(context, "info", `${key}: new in the process list`);
      const phase = { name: "unchecked", notifiedAt: undefined } as const;
      return { key, entry, foundAs: "nothing", upSinceBoot: false, foundUnit: undefined, phase };
    }
    if (sameLooks({ ...before.entry, pidfile: before.entry.pidfile ?? null, user: before.entry.user ?? null }, entry))
      return { ...before, entry };
    const changed: EntryState = { ...before, entry, foundAs: "nothing" };
    if (before.phase.name !== "up") return changed;
    // What is watched was found by the rule before.
    context.effects.push({ kind: "unwatch", key });
    return { ...changed, phase: { name: "unchecked", notifiedAt: undefined } };
  });
  const byKey = new SubjectMap(entries.map((one) => [one.key, one]));
  for (const gone of current.values()) {
    if (byKey.has(gone.key)) continue;
    log(context, "info", `${gone.key}: no longer in the process list, and no longer watched`);
    context.effects.push({ kind: "cancelWake", key: gone.key }, { kind: "unwatch", key: gone.key });
    if (notifiedAtOf(gone.phase)) withdraw(gone.key, "it is no longer in the process list", context);
  }
  return byKey;
}

function withdraw(key: string, reason: string, context: Context): void {
  context.effects.push({ kind: "supersede", subject: subjectOf(key), reason });
}

function sameLooks(one: Pick<Remembered, "match" | "pidfile" | "user">, other: ProcessEntry): boolean {
  const sameFile = one.pidfile === (other.pidfile ?? null);
  return one.match === other.match && sameFile && (one.user ?? null) === (other.user ?? null);
}
