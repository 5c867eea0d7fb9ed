import type { Instant } from "../../../system/clock.ts";
import type { Stage } from "../../observation.ts";
import type { EntryState, NotifiedAt } from "../../state.ts";
import { type Context, inPhase, lookFor } from "../context.ts";
import { runStage, stageAfter } from "./command.ts";
import { enterVerifying } from "./verifying.ts";

const STAGES = ["pre_start_command", "start_command", "post_start_command"] as const satisfies readonly Stage[];

/** What is known while the start commands run, as in the phase. */
interface Start {
  readonly since: Instant;
  readonly succeeded: boolean;
  readonly notifiedAt: NotifiedAt | undefined;
}

/** Runs the start commands. Upstream does for every entry, running or not; here only for one that is not running. */
export function startEntry(
  entry: EntryState,
  context: Context,
  since: Instant,
  notifiedAt: NotifiedAt | undefined,
): EntryState {
  context.log("info", `${entry.key} is not running; ${context.isShadow ? "it would be started" : "starting it"}`);
  return runNextStart(entry, context, undefined, { since, succeeded: true, notifiedAt });
}

export function hasStartCommand(entry: EntryState): boolean {
  return stageAfter(STAGES, entry, undefined) !== undefined;
}

/** The command after `done`, or, after the last one, the look for what has come of them. */
export function runNextStart(entry: EntryState, context: Context, done: Stage | undefined, start: Start): EntryState {
  const { since, succeeded, notifiedAt } = start;
  const stage = stageAfter(STAGES, entry, done);
  if (!stage) return enterVerifying(entry, context, { round: 0, since, succeeded, notifiedAt });
  const phase = { name: "starting", stage, since, succeeded, notifiedAt } as const;
  if (stage === "start_command" && done !== undefined) {
    lookFor(entry, context);
    return inPhase<"starting">(entry, { ...phase, run: undefined });
  }
  return inPhase<"starting">(entry, { ...phase, run: runStage(entry, context, stage) });
}
