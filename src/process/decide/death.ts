import type { Sighting } from "../observation.ts";
import type { EntryState } from "../state.ts";
import { arrive, recognise } from "./arrive.ts";
import { settleOver } from "./retry.ts";
import { counted, enter, lookAgain, say, secondsBetween, settleMs, type Turn, wakeAfter } from "./turn.ts";

/** The watched process has ended. Another may live (a new master, a worker), so a look comes first. */
export function died(entry: EntryState, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "up") return entry;
  turn.effects.push({ kind: "scan" });
  // One that ends this soon after it came back had not recovered: its rounds and its time go on.
  const proven = turn.at.mono >= phase.provenAt;
  return enter(entry, {
    name: "settling",
    since: turn.at,
    until: turn.at.mono + settleMs(entry, turn),
    pid: phase.process.pid,
    afterRound: proven ? 0 : phase.afterRound,
    confirmed: false,
    downSince: proven ? turn.at : (phase.downSince ?? turn.at),
  });
}

/** Just looked for and down, without a process that has been watched: it has its time to settle before anything else. */
export function settle(entry: EntryState, turn: Turn): EntryState {
  const until = turn.at.mono + settleMs(entry, turn);
  const settling: EntryState = enter(entry, {
    name: "settling",
    since: turn.at,
    until,
    pid: undefined,
    afterRound: 0,
    confirmed: true,
    downSince: turn.at,
  });
  if (turn.at.mono >= until) return settleOver(settling, turn, 0, turn.at);
  wakeAfter(turn, entry, until - turn.at.mono);
  return settling;
}

export function upSeen(entry: EntryState, sighting: Sighting | undefined, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "up") return entry;
  const process = counted(entry, sighting, turn.at);
  if (!process) {
    const down = died(entry, turn);
    // This was the look already.
    turn.effects.splice(
      turn.effects.findLastIndex((effect) => effect.kind === "scan"),
      1,
    );
    return settlingSeen(down, sighting, turn);
  }
  const known = recognise(entry, sighting, process, turn);
  if (process.pid === phase.process.pid && process.startTime === phase.process.startTime) return known;
  const identity = { pid: process.pid, startTime: process.startTime };
  turn.effects.push({ kind: "watch", key: entry.key, process: identity, whole: sighting?.whole !== undefined });
  return enter(known, { ...phase, process: identity });
}

export function settlingSeen(entry: EntryState, sighting: Sighting | undefined, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "settling" || turn.at.mono < phase.since.mono) return entry;
  const gone = phase.pid === undefined ? "one process" : `pid ${phase.pid}`;
  const process = counted(entry, sighting, turn.at, { first: true });
  if (process) {
    const text = phase.confirmed
      ? `is running again after ${secondsBetween(phase.since.mono, turn.at.mono)}: systemd or another supervisor has restarted it`
      : `goes on; ${gone} of it has ended`;
    return arrive(entry, sighting, process, turn, { text, afterRound: phase.afterRound });
  }
  if (!phase.confirmed) {
    const why = sighting?.problem ? ` (${sighting.problem})` : "";
    const wait = settleMs(entry, turn);
    const then =
      wait > 0 ? `; waiting ${(wait / 1000).toFixed(1)} s for systemd or another supervisor to restart it` : "";
    const what = sighting?.replacedBy
      ? `: ${gone} executes another program now, "${sighting.replacedBy}"`
      : ` (${gone}) has ended${why}`;
    say(turn, "warning", `${entry.key}${what}${then}`);
  }
  const confirmed = enter(entry, { ...phase, confirmed: true });
  if (turn.at.mono >= phase.until) return settleOver(confirmed, turn, phase.afterRound, phase.downSince);
  // Soon at first: a new process shows its plain name before it sets a title of its own.
  lookAgain(turn, entry, phase.since.mono, phase.until);
  return phase.confirmed ? entry : confirmed;
}
