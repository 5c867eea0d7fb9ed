import type { CommonEffect, SayEffect } from "../../monitor/contract.ts";
import type { Instant } from "../../system/clock.ts";
import type { ProcessIdentity } from "../../system/proc-table.ts";
import type { ProcessEffect, ProcessSettings, Sighting } from "../observation.ts";
import { ageAt, beganAfter } from "../started-at.ts";
import type { EntryState, Phase, ProcessState } from "../state.ts";

export type Effect = CommonEffect | ProcessEffect;

/** One call of `decide` under way: what it knows, and the effects it has come to so far, in order. */
export interface Turn {
  readonly at: Instant;
  readonly settings: ProcessSettings;
  readonly host: Pick<ProcessState, "bootedAt" | "systemd" | "pauses">;
  readonly effects: Effect[];
  /** A number that no command has had yet. */
  readonly nextRun: () => number;
}

export function say(turn: Turn, level: SayEffect["level"], text: string): void {
  turn.effects.push({ kind: "say", level, text });
}

export function enter(entry: EntryState, phase: Phase): EntryState {
  return { ...entry, phase };
}

/** Each entry waits for one thing at a time, so its key is its wake's key. */
export function wakeAfter(turn: Turn, entry: EntryState, afterMs: number): void {
  turn.effects.push({ kind: "wake", key: entry.key, afterMs: Math.max(0, afterMs) });
}

/** A process that is to appear is looked for soon at first, then ever less often. ms. */
const LOOK_AGAIN_MIN_MS = 50;
const LOOK_AGAIN_MAX_MS = 1000;

/** Looks again, at `until` (mono) at the latest, for a process that has been expected since `since` (mono). */
export function lookAgain(turn: Turn, entry: EntryState, since: number, until: number): void {
  const again = Math.min(Math.max((turn.at.mono - since) / 2, LOOK_AGAIN_MIN_MS), LOOK_AGAIN_MAX_MS);
  wakeAfter(turn, entry, Math.min(again, until - turn.at.mono));
}

export function subjectOf(key: string): string {
  return `process:${key}`;
}

/** What the list says for this entry, or `[process]` for all. In ms. */
export function settleMs(entry: EntryState, turn: Turn): number {
  return (entry.entry.settle ?? turn.settings.settle) * 1000;
}

export function restartIntervalMs(entry: EntryState, turn: Turn): number {
  return (entry.entry.restart_interval ?? turn.settings.restart_interval) * 1000;
}

export function commandTimeoutMs(entry: EntryState, turn: Turn): number {
  return (entry.entry.command_timeout ?? turn.settings.command_timeout) * 1000;
}

/** Rounds of restart in all: the retries and the first. */
export function roundsOf(entry: EntryState, turn: Turn): number {
  return (entry.entry.restart_retries ?? turn.settings.restart_retries) + 1;
}

/** What counts as the entry's process beside its program. */
export interface PartialAccepted {
  /** A partial match, as long as the program itself has not been seen since the monitor started. */
  readonly first?: boolean;
  /** A partial match that began after this: what has replaced the program, e.g. its next version. */
  readonly since?: Instant;
  /** Of these, only one that has lived so long. ms. */
  readonly lasting?: number;
}

/**
 * The process that counts as the entry's, or undefined. A partial match always counts for an entry that is running as one; else
 * only as `accepted` says, because a helper with the name in its command line must not hide the death of the program.
 */
export function counted(
  { seenAs }: EntryState,
  sighting: Sighting | undefined,
  { mono }: Instant,
  { first = false, since, lasting = 0 }: PartialAccepted = {},
): ProcessIdentity | undefined {
  if (sighting?.whole) return sighting.whole;
  return sighting?.partials?.find((partial) => {
    if (seenAs === "partial") return true;
    const isNew = since !== undefined && beganAfter(partial, since.mono);
    return (isNew || (first && seenAs === "nothing")) && ageAt(partial, mono) >= lasting;
  });
}

export function secondsBetween(from: number, to: number): string {
  return `${((to - from) / 1000).toFixed(1)} s`;
}
