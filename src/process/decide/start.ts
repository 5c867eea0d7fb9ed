import type { Instant } from "../../system/clock.ts";
import type { Sighting, Stage } from "../observation.ts";
import type { EntryState } from "../state.ts";
import { arrive } from "./arrive.ts";
import { roundFailed } from "./owner.ts";
import { runStage, verify } from "./rounds.ts";
import { counted, enter, say, type Turn } from "./turn.ts";
import { stillDown } from "./verify.ts";

const STAGES = ["pre_start_command", "start_command", "post_start_command"] as const satisfies readonly Stage[];

/** Upstream runs these for every entry, running or not; here only for one that is not running. */
export function beginStart(entry: EntryState, turn: Turn, toldAt: Instant | undefined): EntryState {
  if (STAGES.some((stage) => entry.entry[stage].trim() !== "")) {
    say(turn, "info", `${entry.key} is not running; starting it`);
    return nextStage(entry, turn, -1, { succeeded: true, toldAt });
  }
  if (toldAt) return stillDown(entry, turn, toldAt);
  say(turn, "warning", `${entry.key} is not running, and the process list has no command to start it`);
  return roundFailed(entry, turn, 0, turn.at);
}

export function startStageEnded(
  entry: EntryState,
  turn: Turn,
  ended: { readonly stage: Stage; readonly succeeded: boolean; readonly summary: string },
): EntryState {
  const { phase } = entry;
  if (phase.name !== "starting") return entry;
  const { stage } = ended;
  const succeeded = phase.succeeded && ended.succeeded;
  if (!ended.succeeded) {
    const skipped = stage === "pre_start_command" ? "; start_command is skipped" : "";
    say(turn, "error", `${entry.key}: ${stage} ${ended.summary}${skipped}`);
    if (skipped) return verify(entry, turn, { round: 0, succeeded, since: turn.at, toldAt: phase.toldAt });
  }
  return nextStage(entry, turn, STAGES.indexOf(stage as (typeof STAGES)[number]), { succeeded, toldAt: phase.toldAt });
}

function nextStage(
  entry: EntryState,
  turn: Turn,
  done: number,
  carried: { readonly succeeded: boolean; readonly toldAt: Instant | undefined },
): EntryState {
  const stage = STAGES.find((name, index) => index > done && entry.entry[name].trim() !== "");
  if (!stage) return verify(entry, turn, { round: 0, since: turn.at, ...carried });
  if (stage === "start_command" && done >= 0) {
    turn.effects.push({ kind: "scan" });
    return enter(entry, { name: "starting", stage, run: undefined, ...carried });
  }
  return enter(entry, { name: "starting", stage, run: runStage(entry, turn, stage), ...carried });
}

/** pre_start_command has ended: start_command must still not be run on a running process. */
export function startingSeen(entry: EntryState, sighting: Sighting | undefined, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "starting" || phase.run !== undefined) return entry;
  const process = counted(entry, sighting, turn.at, { first: true });
  if (process) return arrive(entry, sighting, process, turn, { text: "is running", afterRound: 0 });
  return enter(entry, { ...phase, run: runStage(entry, turn, phase.stage) });
}
