import type { Sighting } from "../observation.ts";
import type { EntryState } from "../state.ts";
import { arrive, recognise } from "./arrive.ts";
import { settleOver } from "./owner.ts";
import { counted, enter, say, secondsBetween, settleMs, type Turn, wakeAfter } from "./turn.ts";

/** The watched process has ended. Another may live (a new master, a worker), so a look comes first. */
export function died(entry: EntryState, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "up") return entry;
  const settle = settleMs(entry, turn);
  turn.effects.push({ kind: "scan" });
  return enter(entry, {
    name: "settling",
    since: turn.at,
    until: turn.at.mono + settle,
    pid: phase.process.pid,
    // One that ends this soon after a restart was not restarted; it has no fresh set of rounds.
    afterRound: turn.at.mono < phase.provenAt ? phase.afterRound : 0,
    confirmed: false,
    owner: "unasked",
    ownerSaid: false,
  });
}

export function upSeen(entry: EntryState, sighting: Sighting | undefined, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "up") return entry;
  const process = counted(entry, sighting, false);
  if (!process) {
    const down = died(entry, turn);
    // This was the look already.
    turn.effects.splice(
      turn.effects.findLastIndex((effect) => effect.kind === "scan"),
      1,
    );
    return settlingSeen(down, sighting, turn);
  }
  const known = recognise(entry, sighting, turn);
  if (process.pid === phase.process.pid && process.startTime === phase.process.startTime) return known;
  const identity = { pid: process.pid, startTime: process.startTime };
  turn.effects.push({ kind: "watch", key: entry.key, process: identity });
  return enter(known, { ...phase, process: identity });
}

export function settlingSeen(entry: EntryState, sighting: Sighting | undefined, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "settling" || turn.at.mono < phase.since.mono) return entry;
  const gone = phase.pid === undefined ? "" : `pid ${phase.pid}`;
  const process = counted(entry, sighting, false);
  if (process) {
    const text = phase.confirmed
      ? `is running again after ${secondsBetween(phase.since.mono, turn.at.mono)}: its owner has restarted it`
      : `goes on; ${gone} of it has ended`;
    return arrive(entry, sighting, process, turn, { text, afterRound: phase.afterRound });
  }
  if (!phase.confirmed) {
    const why = sighting?.problem ? ` (${sighting.problem})` : "";
    const wait = settleMs(entry, turn);
    const then = wait > 0 ? `; its owner has ${(wait / 1000).toFixed(1)} s to restart it` : "";
    say(turn, "warning", `${entry.key} (${gone}) has ended${why}${then}`);
  }
  const confirmed = enter(entry, { ...phase, confirmed: true });
  if (turn.at.mono >= phase.until) return settleOver(confirmed, turn);
  wakeAfter(turn, entry, phase.until - turn.at.mono);
  return phase.confirmed ? entry : confirmed;
}
