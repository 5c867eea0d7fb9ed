import type { Sighting } from "../observation.ts";
import type { EntryState } from "../state.ts";
import { arrive } from "./arrive.ts";
import { proceed } from "./hold.ts";
import { pauseOf } from "./pause.ts";
import { runStage } from "./rounds.ts";
import { counted, enter, type Turn } from "./turn.ts";

/** pre_start_command has ended: start_command must still not be run on a running process. */
export function startingSeen(entry: EntryState, sighting: Sighting | undefined, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "starting" || phase.run !== undefined) return entry;
  const process = counted(entry, sighting, turn.at, { first: true });
  if (process) return arrive(entry, sighting, process, turn, { text: "is running", afterRound: 0 });
  if (pauseOf(entry, turn)) return proceed(entry, turn, { kind: "start" }, phase);
  return enter(entry, { ...phase, run: runStage(entry, turn, phase.stage) });
}

/** pre_restart_command has ended: a process that has come up meanwhile is healthy, and not restarted. */
export function restartingSeen(entry: EntryState, sighting: Sighting | undefined, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "restarting" || phase.run !== undefined) return entry;
  const process = counted(entry, sighting, turn.at, { first: true });
  const text = "is running again, before it was restarted";
  // This round was not tried.
  if (process) return arrive(entry, sighting, process, turn, { text, afterRound: phase.round - 1 });
  if (pauseOf(entry, turn)) return proceed(entry, turn, { kind: "round", round: phase.round }, { since: phase.since });
  return enter(entry, { ...phase, run: runStage(entry, turn, phase.stage) });
}
