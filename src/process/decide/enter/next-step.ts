import type { Instant } from "../../../system/clock.ts";
import type { Due, EntryState, NextStep, NotifiedAt } from "../../state.ts";
import { unitOf } from "../../unit-name.ts";
import { type Context, inPhase, lookFor, roundsOf, settleMs } from "../context.ts";
import { type Obstacle, ownObstacle } from "../obstacles.ts";
import { giveUp } from "./failed.ts";
import { startRound } from "./restarting.ts";
import { startEntry } from "./starting.ts";

/** What comes after so many failed rounds. */
export function nextRoundOf(entry: EntryState, context: Context, failed: number): NextStep {
  const hopeless = entry.entry.restart_command.trim() === "";
  return hopeless || failed >= roundsOf(entry, context) ? { kind: "give up" } : { kind: "round", round: failed + 1 };
}

/**
 * `next` is due for an entry that was just looked for and is down. The one way to any command and to Masakari: nothing that
 * systemd does itself, no boot and no shutdown is taken for a failure.
 */
export function proceed(
  entry: EntryState,
  context: Context,
  next: NextStep,
  known: { readonly since: Instant; readonly notifiedAt?: NotifiedAt | undefined },
): EntryState {
  return consider(entry, context, {
    since: known.since,
    next,
    notifiedAt: known.notifiedAt,
    dueAt: context.at.mono,
    reason: undefined,
    repeatRound: false,
    settleAfter: false,
  });
}

/** Just looked for and down: systemd is asked first, where there is one, and then once more looked for the process. */
export function consider(entry: EntryState, context: Context, due: Due): EntryState {
  const obstacle = ownObstacle(entry, due, context);
  if (obstacle) return postpone(entry, context, due, obstacle);
  if (context.host.systemd.present) {
    context.act({ kind: "askSystemd", key: entry.key, unit: unitOf(entry.entry, entry.foundUnit) });
    return inPhase<"asking">(entry, { name: "asking", due });
  }
  return due.settleAfter ? settleOnceMore(entry, context, due) : carryOut(entry, context, due);
}

/** It is considered again later. */
export function postpone(entry: EntryState, context: Context, due: Due, obstacle: Obstacle): EntryState {
  const { reason, againMs } = obstacle;
  if (due.reason !== reason) context.log("info", `${entry.key}: ${reason}`);
  context.wake(entry.key, againMs);
  return inPhase<"postponed">(entry, {
    name: "postponed",
    due: {
      ...due,
      reason: reason,
      repeatRound: due.repeatRound || obstacle.repeatRound,
      settleAfter: due.settleAfter || obstacle.settleAfter,
    },
    until: context.at.mono + againMs,
  });
}

/** systemd has done its work, and the process may be about to appear: an `active` unit may be a script that is not it yet. */
export function settleOnceMore(entry: EntryState, context: Context, due: Due): EntryState {
  const settle = settleMs(entry, context);
  lookFor(entry, context);
  if (settle > 0) context.wake(entry.key, settle);
  return inPhase<"settlingAgain">(entry, {
    name: "settlingAgain",
    due: { ...due, reason: undefined, settleAfter: false },
    until: context.at.mono + settle,
  });
}

/** There is no obstacle to it. */
export function carryOut(
  entry: EntryState,
  context: Context,
  { next, since, notifiedAt, repeatRound }: Due,
): EntryState {
  switch (next.kind) {
    case "start":
      return startEntry(entry, context, since, notifiedAt);
    case "round":
      return startRound(entry, context, next.round, since);
    case "give up": {
      const isRepeated = repeatRound && entry.entry.restart_command.trim() !== "";
      return isRepeated ? startRound(entry, context, roundsOf(entry, context), since) : giveUp(entry, context, since);
    }
  }
}
