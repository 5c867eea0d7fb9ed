import type { ProcessEntry } from "../../config/process-entry.ts";
import { type EntryState, keyed, type ProcessState, type Remembered, rememberedOf, toldAtOf } from "../state.ts";
import { say, subjectOf, type Turn } from "./turn.ts";

/**
 * The entries at a start of the monitor. What an earlier run of this boot had told stays told; everything else is looked at afresh,
 * because nobody watched meanwhile. But a process that was watched and lives is known, whatever it shows by now; and how an entry was
 * once found is no demand on what is found now, except as a sign that a failure which was told is over.
 */
export function entriesAtStart(
  saved: ProcessState,
  bootId: string,
  list: readonly ProcessEntry[],
  turn: Turn,
): readonly EntryState[] {
  const sameBoot = bootId !== "" && saved.bootId === bootId;
  const remembered = rememberedOf(saved);
  const entries = keyed(list).map(({ key, entry }): EntryState => {
    const before = remembered.find((one) => one.key === key);
    const told = before?.toldAt ?? undefined;
    if (told && !sameBoot) withdraw(key, "this host has been rebooted since", turn);
    const toldAt = sameBoot ? told : undefined;
    const known = before && sameLooks(before, entry) ? before : undefined;
    const seenAs = known && (toldAt || known.seenAs === "partial") ? known.seenAs : "nothing";
    const process = (sameBoot && known?.process) || undefined;
    if (process) turn.effects.push({ kind: "watch", key, process, whole: known?.seenAs === "whole" });
    return {
      key,
      entry,
      seenAs,
      seenUp: sameBoot && before?.seenUp === true,
      foundUnit: before?.foundUnit ?? undefined,
      phase: { name: "unseen", toldAt, ...(process && { process }) },
    };
  });
  for (const gone of remembered) {
    if (gone.toldAt && !entries.some((one) => one.key === gone.key)) {
      withdraw(gone.key, "it is no longer in the process list", turn);
    }
  }
  return entries;
}

/** The entries after an edit of the list: removed ones are dropped, new ones looked at, changed ones go on where they are. */
export function entriesAfterEdit(
  current: readonly EntryState[],
  list: readonly ProcessEntry[],
  turn: Turn,
): readonly EntryState[] {
  const entries = keyed(list).map(({ key, entry }): EntryState => {
    const before = current.find((one) => one.key === key);
    if (!before) {
      say(turn, "info", `${key}: new in the process list`);
      const phase = { name: "unseen", toldAt: undefined } as const;
      return { key, entry, seenAs: "nothing", seenUp: false, foundUnit: undefined, phase };
    }
    if (sameLooks({ ...before.entry, pidfile: before.entry.pidfile ?? null, user: before.entry.user ?? null }, entry))
      return { ...before, entry };
    const changed: EntryState = { ...before, entry, seenAs: "nothing" };
    if (before.phase.name !== "up") return changed;
    // What is watched was found by the rule before.
    turn.effects.push({ kind: "unwatch", key });
    return { ...changed, phase: { name: "unseen", toldAt: undefined } };
  });
  for (const gone of current) {
    if (entries.some((one) => one.key === gone.key)) continue;
    say(turn, "info", `${gone.key}: no longer in the process list, and no longer watched`);
    turn.effects.push({ kind: "cancelWake", key: gone.key }, { kind: "unwatch", key: gone.key });
    if (toldAtOf(gone.phase)) withdraw(gone.key, "it is no longer in the process list", turn);
  }
  return entries;
}

function withdraw(key: string, reason: string, turn: Turn): void {
  turn.effects.push({ kind: "supersede", subject: subjectOf(key), reason });
}

function sameLooks(one: Pick<Remembered, "match" | "pidfile" | "user">, other: ProcessEntry): boolean {
  const sameFile = one.pidfile === (other.pidfile ?? null);
  return one.match === other.match && sameFile && (one.user ?? null) === (other.user ?? null);
}
