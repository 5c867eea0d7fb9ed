import { acceptProcess } from "./accept.ts";
import { inPhase, roundsOf } from "./context.ts";
import { runStage } from "./enter/command.ts";
import { proceed } from "./enter/next-step.ts";
import { runNextRestart } from "./enter/restarting.ts";
import { enterUp } from "./enter/up.ts";
import { enterVerifying } from "./enter/verifying.ts";
import { pauseOf } from "./pause.ts";
import type { PhaseRules } from "./rules.ts";

/** The restart commands of one round run, one after the other. */
export const restarting: PhaseRules<"restarting"> = {
  /** pre_restart_command has ended: a process that has come up meanwhile is healthy, and not restarted. */
  onSighting(entry, sighting, context) {
    const { phase } = entry;
    if (phase.run !== undefined) return entry;
    const { round, since } = phase;
    const process = acceptProcess(entry, sighting, context.at, { first: true });
    const text = "is running again, before it was restarted";
    // This round was not tried.
    if (process) return enterUp(entry, sighting, process, context, { text, afterRound: round - 1 });
    if (pauseOf(entry, context)) return proceed(entry, context, { kind: "round", round }, { since });
    return inPhase<"restarting">(entry, { ...phase, run: runStage(entry, context, phase.stage) });
  },
  /** A command that fails ends the round. */
  onCommandEnd(entry, { stage, succeeded, summary }, context) {
    const { round, since } = entry.phase;
    if (succeeded) return runNextRestart(entry, context, stage, { round, since });
    context.log("error", `${entry.key}: ${stage} ${summary} (round ${round} of ${roundsOf(entry, context)})`);
    return enterVerifying(entry, context, { round, succeeded: false, since, notifiedAt: undefined });
  },
};
