import { acceptBeforeStep, isStale, recoverBeforeStep } from "./due.ts";
import { consider } from "./enter/next-step.ts";
import type { PhaseRules } from "./rules.ts";

/** There is an obstacle to the next step. */
export const postponed: PhaseRules<"postponed"> = {
  onSighting(entry, sighting, context) {
    const { due, until } = entry.phase;
    if (isStale(due, context)) return entry;
    const process = acceptBeforeStep(entry, due, sighting, context);
    if (process) return recoverBeforeStep(entry, due, sighting, process, context);
    return context.at.mono < until ? entry : consider(entry, context, due);
  },
};
