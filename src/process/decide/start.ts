import type { Instant } from "../../system/clock.ts";
import type { Stage } from "../observation.ts";
import type { EntryState } from "../state.ts";
import { roundFailed } from "./owner.ts";
import { runStage, verify } from "./rounds.ts";
import { say, type Turn } from "./turn.ts";
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
  const run = runStage(entry, turn, stage);
  return { ...entry, phase: { name: "starting", stage, run, ...carried } };
}
