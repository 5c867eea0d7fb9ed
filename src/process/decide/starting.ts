import { acceptProcess } from "./accept.ts";
import { inPhase } from "./context.ts";
import { runStage } from "./enter/command.ts";
import { proceed } from "./enter/next-step.ts";
import { runNextStart } from "./enter/starting.ts";
import { enterUp } from "./enter/up.ts";
import { enterVerifying } from "./enter/verifying.ts";
import { pauseOf } from "./pause.ts";
import type { PhaseRules } from "./rules.ts";

/** The start commands run, one after the other. */
export const starting: PhaseRules<"starting"> = {
  /** pre_start_command has ended: start_command must still not be run on a running process. */
  onSighting(entry, sighting, context) {
    const { phase } = entry;
    if (phase.run !== undefined) return entry;
    const process = acceptProcess(entry, sighting, context.at, { first: true });
    if (process) return enterUp(entry, sighting, process, context, { text: "is running", afterRound: 0 });
    if (pauseOf(entry, context)) return proceed(entry, context, { kind: "start" }, phase);
    return inPhase<"starting">(entry, { ...phase, run: runStage(entry, context, phase.stage) });
  },
  /** Only a pre_start_command that fails skips what follows; what the others came to, the process table shows. */
  onCommandEnd(entry, { stage, succeeded, summary }, context) {
    const { phase } = entry;
    const start = { since: phase.since, succeeded: phase.succeeded && succeeded, notifiedAt: phase.notifiedAt };
    const isSkipped = !succeeded && stage === "pre_start_command";
    if (!succeeded) {
      context.log("error", `${entry.key}: ${stage} ${summary}${isSkipped ? "; start_command is skipped" : ""}`);
    }
    return isSkipped
      ? enterVerifying(entry, context, { round: 0, ...start })
      : runNextStart(entry, context, stage, start);
  },
};
