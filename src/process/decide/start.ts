import type { Instant } from "../../system/clock.ts";
import type { Stage } from "../observation.ts";
import type { EntryState } from "../state.ts";
import { runStage, verify } from "./rounds.ts";
import { enter, say, type Turn } from "./turn.ts";

const STAGES = ["pre_start_command", "start_command", "post_start_command"] as const satisfies readonly Stage[];

/** Runs the start commands. Upstream does for every entry, running or not; here only for one that is not running. */
export function runStart(entry: EntryState, turn: Turn, since: Instant, toldAt: Instant | undefined): EntryState {
  say(turn, "info", `${entry.key} is not running; starting it`);
  return nextStage(entry, turn, -1, { since, succeeded: true, toldAt });
}

export function hasStartCommand(entry: EntryState): boolean {
  return STAGES.some((stage) => entry.entry[stage].trim() !== "");
}

export function startStageEnded(
  entry: EntryState,
  turn: Turn,
  ended: { readonly stage: Stage; readonly succeeded: boolean; readonly summary: string },
): EntryState {
  const { phase } = entry;
  if (phase.name !== "starting") return entry;
  const { stage } = ended;
  const { since, toldAt } = phase;
  const succeeded = phase.succeeded && ended.succeeded;
  if (!ended.succeeded) {
    const skipped = stage === "pre_start_command" ? "; start_command is skipped" : "";
    say(turn, "error", `${entry.key}: ${stage} ${ended.summary}${skipped}`);
    if (skipped) return verify(entry, turn, { round: 0, succeeded, since, toldAt });
  }
  return nextStage(entry, turn, STAGES.indexOf(stage as (typeof STAGES)[number]), { since, succeeded, toldAt });
}

function nextStage(
  entry: EntryState,
  turn: Turn,
  done: number,
  carried: { readonly since: Instant; readonly succeeded: boolean; readonly toldAt: Instant | undefined },
): EntryState {
  const stage = STAGES.find((name, index) => index > done && entry.entry[name].trim() !== "");
  if (!stage) return verify(entry, turn, { round: 0, ...carried });
  if (stage === "start_command" && done >= 0) {
    turn.effects.push({ kind: "scan" });
    return enter(entry, { name: "starting", stage, run: undefined, ...carried });
  }
  return enter(entry, { name: "starting", stage, run: runStage(entry, turn, stage), ...carried });
}
