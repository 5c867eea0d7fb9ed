import { inPhase, lookFor } from "./context.ts";
import { acceptBeforeStep, isStale, recoverBeforeStep } from "./due.ts";
import { postpone, settleOnceMore } from "./enter/next-step.ts";
import { systemdObstacle } from "./obstacles.ts";
import type { PhaseRules } from "./rules.ts";

/** systemd is being asked whether there is an obstacle to the next step. */
export const asking: PhaseRules<"asking"> = {
  onSighting(entry, sighting, context) {
    const { due } = entry.phase;
    if (isStale(due, context)) return entry;
    const process = acceptBeforeStep(entry, due, sighting, context);
    return process ? recoverBeforeStep(entry, due, sighting, process, context) : entry;
  },
  onSystemdStatus(entry, status, context) {
    const { due } = entry.phase;
    const obstacle = systemdObstacle(entry, due, status, context);
    if (obstacle) return postpone(entry, context, due, obstacle);
    if (due.settleAfter) return settleOnceMore(entry, context, due);
    // It may have come up while systemd was asked, so one more look decides.
    lookFor(entry, context);
    return inPhase<"cleared">(entry, {
      name: "cleared",
      due: { ...due, reason: undefined },
      clearedAt: context.at.mono,
    });
  },
};
