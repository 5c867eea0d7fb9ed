import type { ProcessIdentity } from "../../system/proc-table.ts";
import type { Sighting } from "../observation.ts";
import type { Due, EntryState, NextStep } from "../state.ts";
import { acceptProcess, type PartialAccepted } from "./accept.ts";
import { type Context, roundsOf, secondsBetween } from "./context.ts";
import { enterUp } from "./enter/up.ts";

/** Whether the look was made before the next step became due: it shows nothing of it then. */
export function isStale({ dueAt }: Due, { at }: Context): boolean {
  return at.mono < dueAt;
}

/**
 * The process that ends the failure before the next step is taken. As before a restart, what only contains the name is accepted
 * when there is nothing more to wait for, and not before a first restart.
 * @param isLast no other look follows before the step
 */
export function acceptBeforeStep(
  entry: EntryState,
  { next, since }: Due,
  sighting: Sighting,
  context: Context,
  isLast = false,
): ProcessIdentity | undefined {
  const isFirstRound = next.kind === "round" && next.round === 1;
  const late: PartialAccepted = { first: true, ...(isLast && { since }) };
  const accepted = next.kind === "start" ? { first: true } : isFirstRound ? {} : late;
  return acceptProcess(entry, sighting, context.at, accepted);
}

/** It runs without the step. */
export function recoverBeforeStep(
  entry: EntryState,
  { next, since }: Due,
  sighting: Sighting,
  process: ProcessIdentity,
  context: Context,
): EntryState {
  const down = secondsBetween(since.mono, context.at.mono);
  const text =
    next.kind === "start" ? "is running" : `is running again after ${down}: systemd or an operator started it`;
  return enterUp(entry, sighting, process, context, { text, afterRound: roundsBefore(entry, next, context) });
}

/** Rounds that have failed before `next`. */
function roundsBefore(entry: EntryState, next: NextStep, context: Context): number {
  if (next.kind === "start") return 0;
  return next.kind === "round" ? next.round - 1 : roundsOf(entry, context);
}
