import type { Instant } from "../../system/clock.ts";
import type { Sighting } from "../observation.ts";
import type { EntryState } from "../state.ts";
import { arrive } from "./arrive.ts";
import { roundFailed } from "./retry.ts";
import { counted, enter, lookAgain, say, secondsBetween, type Turn } from "./turn.ts";

export function verifyingSeen(entry: EntryState, sighting: Sighting | undefined, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "verifying" || turn.at.mono < phase.endedAt) return entry;
  // While there is time the program itself is waited for: a wrapper that starts it has its name, too.
  const isLast = !phase.succeeded || turn.at.mono >= phase.until;
  const accepted = isLast ? { first: true, since: phase.toldAt ?? phase.since } : { first: phase.round === 0 };
  const process = counted(entry, sighting, turn.at, accepted);
  if (process) {
    const down = secondsBetween(phase.since.mono, turn.at.mono);
    const by = phase.round === 0 ? "is running" : `is running again after ${down}, restarted in round ${phase.round}`;
    const text = phase.succeeded ? by : `${by}, although a command failed`;
    return arrive(entry, sighting, process, turn, { text, afterRound: phase.round });
  }
  const waited = turn.at.mono - phase.endedAt;
  if (phase.succeeded && turn.at.mono < phase.until) {
    lookAgain(turn, entry, phase.endedAt, phase.until);
    return entry;
  }
  if (phase.succeeded) {
    const problem = sighting?.problem ? ` (${sighting.problem})` : "";
    const within = `within ${(waited / 1000).toFixed(1)} s`;
    say(turn, "error", `${entry.key}: the commands succeeded, but no such process appeared ${within}${problem}`);
  }
  return phase.toldAt ? stillDown(entry, turn, phase.toldAt) : roundFailed(entry, turn, phase.round, phase.since);
}

/** It was told before the monitor's own restart, and one more start has not helped. */
export function stillDown(entry: EntryState, turn: Turn, toldAt: Instant): EntryState {
  say(turn, "warning", `${entry.key} is still down, as notified at ${new Date(toldAt.wall).toISOString()}`);
  return enter(entry, { name: "failed", toldAt });
}
