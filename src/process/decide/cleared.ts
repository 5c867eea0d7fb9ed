import { acceptBeforeStep, isStale, recoverBeforeStep } from "./due.ts";
import { carryOut, consider, postpone } from "./enter/next-step.ts";
import { ownObstacle } from "./obstacles.ts";
import type { PhaseRules } from "./rules.ts";

/** The look after a response of systemd comes at once, unless the process table cannot be read. */
const ANSWER_VALID_MS = 500;

/** By systemd's status there is no obstacle to the next step. */
export const cleared: PhaseRules<"cleared"> = {
  onSighting(entry, sighting, context) {
    const { due, clearedAt } = entry.phase;
    const { mono } = context.at;
    if (isStale(due, context)) return entry;
    const process = acceptBeforeStep(entry, due, sighting, context, true);
    if (process) return recoverBeforeStep(entry, due, sighting, process, context);
    if (mono < clearedAt) return entry;
    if (mono - clearedAt > ANSWER_VALID_MS) return consider(entry, context, due);
    const obstacle = ownObstacle(entry, due, context);
    return obstacle ? postpone(entry, context, due, obstacle) : carryOut(entry, context, due);
  },
};
