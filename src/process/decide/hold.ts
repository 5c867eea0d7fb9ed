import type { Instant } from "../../system/clock.ts";
import type { Sighting, SystemdAnswer } from "../observation.ts";
import type { EntryState, Holding, Next } from "../state.ts";
import { unitOf } from "../unit-name.ts";
import { arrive } from "./arrive.ts";
import { type Obstacle, ownObstacle, systemdObstacle } from "./obstacles.ts";
import { beginRound, giveUp } from "./rounds.ts";
import { runStart } from "./start.ts";
import {
  counted,
  enter,
  type PartialAccepted,
  roundsOf,
  say,
  secondsBetween,
  settleMs,
  type Turn,
  wakeAfter,
} from "./turn.ts";

/** The look after an answer comes at once, unless the process table cannot be read. */
const ANSWER_COUNTS_MS = 500;

/**
 * `next` is due for an entry that was just looked for and is down. The one way to any command and to Masakari: nothing that
 * systemd does itself, no boot and no shutdown is taken for a failure.
 */
export function proceed(
  entry: EntryState,
  turn: Turn,
  next: Next,
  known: { readonly since: Instant; readonly toldAt?: Instant | undefined },
): EntryState {
  const holding: Holding = {
    name: "holding",
    since: known.since,
    next,
    toldAt: known.toldAt,
    from: turn.at.mono,
    asked: "no",
    until: turn.at.mono,
    held: undefined,
    repeatRound: false,
    settleAfter: false,
  };
  return consider(entry, holding, turn);
}

export function holdingSeen(entry: EntryState, sighting: Sighting | undefined, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "holding" || turn.at.mono < phase.from) return entry;
  const process = counted(entry, sighting, turn.at, accepted(phase));
  if (process) {
    const down = secondsBetween(phase.since.mono, turn.at.mono);
    const text =
      phase.next.kind === "start" ? "is running" : `is running again after ${down}: systemd or an operator started it`;
    return arrive(entry, sighting, process, turn, { text, afterRound: roundsDone(entry, phase.next, turn) });
  }
  if (phase.asked === "asking" || turn.at.mono < phase.until) return entry;
  return consider(entry, phase, turn);
}

/** systemd has answered, or could not be asked. */
export function systemdAnswered(entry: EntryState, answer: SystemdAnswer | undefined, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "holding" || phase.asked !== "asking") return entry;
  const obstacle = systemdObstacle(entry, phase, answer, turn);
  if (obstacle) return hold(entry, phase, obstacle, turn);
  if (phase.settleAfter) return settleOnceMore(entry, phase, turn);
  // It may have come up while systemd was asked, so one more look decides.
  turn.effects.push({ kind: "scan" });
  return enter(entry, { ...phase, asked: "clear", until: turn.at.mono, held: undefined });
}

function consider(entry: EntryState, phase: Holding, turn: Turn): EntryState {
  const obstacle = ownObstacle(entry, phase, turn);
  if (obstacle) return hold(entry, phase, obstacle, turn);
  if (!turn.host.systemd.present && phase.settleAfter) return settleOnceMore(entry, phase, turn);
  const clear = phase.asked === "clear" && turn.at.mono - phase.until <= ANSWER_COUNTS_MS;
  if (clear || !turn.host.systemd.present) return carryOut(entry, phase, turn);
  turn.effects.push({ kind: "askSystemd", key: entry.key, unit: unitOf(entry.entry, entry.foundUnit) });
  return enter(entry, { ...phase, asked: "asking" });
}

function hold(entry: EntryState, phase: Holding, obstacle: Obstacle, turn: Turn): EntryState {
  const { reason, againMs, settleAfter } = obstacle;
  if (phase.held !== reason) say(turn, "info", `${entry.key}: ${reason}`);
  wakeAfter(turn, entry, againMs);
  return enter(entry, {
    ...phase,
    asked: "no",
    until: turn.at.mono + againMs,
    held: reason,
    repeatRound: phase.repeatRound || obstacle.repeatRound,
    settleAfter: phase.settleAfter || settleAfter,
  });
}

/** systemd has done its work, and the process may be about to appear: an `active` unit may be a script that is not it yet. */
function settleOnceMore(entry: EntryState, phase: Holding, turn: Turn): EntryState {
  const settle = settleMs(entry, turn);
  turn.effects.push({ kind: "scan" });
  if (settle > 0) wakeAfter(turn, entry, settle);
  return enter(entry, {
    ...phase,
    asked: "no",
    until: turn.at.mono + settle,
    held: undefined,
    settleAfter: false,
  });
}

function carryOut(entry: EntryState, { next, since, toldAt, repeatRound }: Holding, turn: Turn): EntryState {
  switch (next.kind) {
    case "start":
      return runStart(entry, turn, since, toldAt);
    case "round":
      return beginRound(entry, turn, next.round, since);
    case "give up": {
      const lastRound = repeatRound && entry.entry.restart_command.trim() !== "";
      return lastRound ? beginRound(entry, turn, roundsOf(entry, turn), since) : giveUp(entry, turn, since);
    }
  }
}

/** As before a restart: what only contains the name counts when there is nothing more to wait for, and not for a first restart. */
function accepted({ next, since, asked }: Holding): PartialAccepted {
  if (next.kind === "start") return { first: true };
  if (next.kind === "round" && next.round === 1) return {};
  return { first: true, ...(asked === "clear" && { since }) };
}

/** Rounds that have failed before `next`. */
function roundsDone(entry: EntryState, next: Next, turn: Turn): number {
  if (next.kind === "start") return 0;
  return next.kind === "round" ? next.round - 1 : roundsOf(entry, turn);
}
