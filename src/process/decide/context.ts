import type { LogEffect } from "../../monitor/contract.ts";
import type { DecisionContext } from "../../monitor/decision.ts";
import type { ProcessEffect, ProcessSettings } from "../observation.ts";
import type { EntryIn, EntryState, Phase, PhaseName, ProcessState } from "../state.ts";

/** What one call of `decide` knows, and the effects that it has decided on so far, in order. */
export interface Context extends DecisionContext<ProcessSettings, ProcessEffect> {
  readonly host: Pick<ProcessState, "bootedAt" | "systemd" | "pauses">;
}

export function log(context: Context, level: LogEffect["level"], text: string): void {
  context.log(level, text);
}

/** The entry in another phase. */
export function inPhase<Name extends PhaseName>(
  entry: EntryState,
  phase: Extract<Phase, { readonly name: Name }>,
): EntryIn<Name> {
  return { ...entry, phase };
}

/** Each entry waits for one thing at a time, so its key is its wake's key. */
export function wakeAfter({ effects }: Context, { key }: EntryState, afterMs: number): void {
  effects.push({ kind: "wake", key, afterMs: Math.max(0, afterMs) });
}

/** A process that is expected to appear is looked for soon at first, then ever less often. ms. */
const LOOK_AGAIN_MIN_MS = 50;
const LOOK_AGAIN_MAX_MS = 1000;

/** Looks again, at `until` (mono) at the latest, for a process that has been expected since `since` (mono). */
export function lookAgain(context: Context, entry: EntryState, since: number, until: number): void {
  const { mono } = context.at;
  const again = Math.min(Math.max((mono - since) / 2, LOOK_AGAIN_MIN_MS), LOOK_AGAIN_MAX_MS);
  wakeAfter(context, entry, Math.min(again, until - mono));
}

/** What notifications about the entry are filed under. */
export function subjectOf(key: string): string {
  return `process:${key}`;
}

/** What the list has for this entry, or `[process]` for all. In ms. */
export function settleMs({ entry }: EntryState, { settings }: Context): number {
  return (entry.settle ?? settings.settle) * 1000;
}

export function restartIntervalMs({ entry }: EntryState, { settings }: Context): number {
  return (entry.restart_interval ?? settings.restart_interval) * 1000;
}

export function commandTimeoutMs({ entry }: EntryState, { settings }: Context): number {
  return (entry.command_timeout ?? settings.command_timeout) * 1000;
}

/** Rounds of restart in all: the retries and the first. */
export function roundsOf({ entry }: EntryState, { settings }: Context): number {
  return (entry.restart_retries ?? settings.restart_retries) + 1;
}

/** For a log line. */
export function secondsBetween(from: number, to: number): string {
  return `${((to - from) / 1000).toFixed(1)} s`;
}
