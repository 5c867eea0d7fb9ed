import type { CommonEffect, SayEffect } from "../../monitor/contract.ts";
import type { Instant } from "../../system/clock.ts";
import type { ProcessIdentity } from "../../system/proc-table.ts";
import type { ProcessEffect, ProcessSettings, Sighting } from "../observation.ts";
import type { EntryState, Phase } from "../state.ts";

export type Effect = CommonEffect | ProcessEffect;

/** One call of `decide` under way: what it knows, and the effects it has come to so far, in order. */
export interface Turn {
  readonly at: Instant;
  readonly settings: ProcessSettings;
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

/**
 * The process that counts as the entry's, or undefined. A partial match counts where `acceptPartial` says so, and for an entry
 * that has only ever been seen as one; never once the whole program has been seen.
 */
export function counted(
  entry: EntryState,
  sighting: Sighting | undefined,
  acceptPartial: boolean,
): ProcessIdentity | undefined {
  if (sighting?.whole) return sighting.whole;
  if (!sighting?.partial) return undefined;
  return entry.seenAs === "partial" || (acceptPartial && entry.seenAs === "nothing") ? sighting.partial : undefined;
}

export function secondsBetween(from: number, to: number): string {
  return `${((to - from) / 1000).toFixed(1)} s`;
}
