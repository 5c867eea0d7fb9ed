import type { DecisionContext } from "../../monitor/decision.ts";
import type { Instant } from "../../system/clock.ts";
import type { ProcessEffect, ProcessSettings } from "../observation.ts";
import type { EntryIn, EntryState, Phase, PhaseName, ProcessState } from "../state.ts";

/** What is known of the host during one decision. */
type Host = Pick<ProcessState, "bootedAt" | "systemd" | "pauses" | "unconfirmed">;

/** What one call of `decide` knows, and the effects that it has decided on so far. */
export type Context = DecisionContext<ProcessSettings, ProcessEffect> & { readonly host: Host };

export function contextOn(decision: DecisionContext<ProcessSettings, ProcessEffect>, host: Host): Context {
  return Object.assign(decision, { host });
}

/** The entry in another phase. */
export function inPhase<Name extends PhaseName>(
  entry: EntryState,
  phase: Extract<Phase, { readonly name: Name }>,
): EntryIn<Name> {
  return { ...entry, phase };
}

/**
 * Looks for the process of this entry now. As long as notifications of earlier runs wait to be confirmed all entries are looked for:
 * none of them may have come up when the waiting ends.
 */
export function lookFor({ key }: EntryState, context: Context): void {
  context.act({ kind: "scan", ...(context.host.unconfirmed.size === 0 && { key }) });
}

/** A process that is expected to appear is looked for soon at first, then ever less often. ms. */
const LOOK_AGAIN_MIN_MS = 50;
const LOOK_AGAIN_MAX_MS = 1000;

/** Looks again, at `until` (mono) at the latest, for a process that has been expected since `since` (mono). */
export function lookAgain(context: Context, { key }: EntryState, since: number, until: number): void {
  const { mono } = context.at;
  const again = Math.min(Math.max((mono - since) / 2, LOOK_AGAIN_MIN_MS), LOOK_AGAIN_MAX_MS);
  context.wake(key, Math.min(again, until - mono));
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

/** For a log line. */
export function timeOf({ wall }: Pick<Instant, "wall">): string {
  return new Date(wall).toISOString();
}
