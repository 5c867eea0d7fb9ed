import type { Instant } from "../../../system/clock.ts";
import type { Stage } from "../../observation.ts";
import type { EntryState } from "../../state.ts";
import { type Context, inPhase, lookFor, roundsOf } from "../context.ts";
import { runStage, stageAfter } from "./command.ts";
import { enterVerifying } from "./verifying.ts";

const STAGES = ["pre_restart_command", "restart_command", "post_restart_command"] as const satisfies readonly Stage[];

export function startRound(entry: EntryState, context: Context, round: number, since: Instant): EntryState {
  const what = context.isShadow ? "would be restarted" : "restarting";
  context.log("warning", `${entry.key}: ${what}, round ${round} of ${roundsOf(entry, context)}`);
  return runNextRestart(entry, context, undefined, { round, since });
}

/** The command after `done`, or, after the last one, the look for what has come of them. */
export function runNextRestart(
  entry: EntryState,
  context: Context,
  done: Stage | undefined,
  { round, since }: { readonly round: number; readonly since: Instant },
): EntryState {
  const stage = stageAfter(STAGES, entry, done);
  if (!stage) return enterVerifying(entry, context, { round, succeeded: true, since, notifiedAt: undefined });
  const phase = { name: "restarting", since, round, stage } as const;
  if (stage === "restart_command" && done !== undefined) {
    lookFor(entry, context);
    return inPhase<"restarting">(entry, { ...phase, run: undefined });
  }
  return inPhase<"restarting">(entry, { ...phase, run: runStage(entry, context, stage) });
}
