import type { Instant } from "../../system/clock.ts";
import type { Sighting } from "../observation.ts";
import type { EntryState, Next } from "../state.ts";
import { arrive } from "./arrive.ts";
import { proceed } from "./hold.ts";
import { counted, enter, restartIntervalMs, roundsOf, type Turn, wakeAfter } from "./turn.ts";

/** No process, and no more time for others to restart it. @param done rounds that have failed before */
export function settleOver(entry: EntryState, turn: Turn, done: number, since: Instant): EntryState {
  return proceed(entry, turn, after(entry, turn, done), { since });
}

/** A round (0: the start) has failed, just looked for: the next one, at once for the first and else after restart_interval. */
export function roundFailed(entry: EntryState, turn: Turn, round: number, since: Instant): EntryState {
  const next = after(entry, turn, round);
  const interval = round === 0 || next.kind !== "round" ? 0 : restartIntervalMs(entry, turn);
  if (interval === 0) return proceed(entry, turn, next, { since });
  wakeAfter(turn, entry, interval);
  return enter(entry, { name: "waiting", since, round, until: turn.at.mono + interval });
}

export function waitingSeen(entry: EntryState, sighting: Sighting | undefined, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "waiting") return entry;
  const isOver = turn.at.mono >= phase.until;
  const process = counted(entry, sighting, turn.at, { first: true, ...(isOver && { since: phase.since }) });
  if (process)
    return arrive(entry, sighting, process, turn, { text: "is running again, by itself", afterRound: phase.round });
  if (!isOver) return entry;
  return proceed(entry, turn, { kind: "round", round: phase.round + 1 }, { since: phase.since });
}

function after(entry: EntryState, turn: Turn, failed: number): Next {
  const hopeless = entry.entry.restart_command.trim() === "";
  return hopeless || failed >= roundsOf(entry, turn) ? { kind: "give up" } : { kind: "round", round: failed + 1 };
}
