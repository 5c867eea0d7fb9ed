import { acceptBeforeStep, isStale, recoverBeforeStep } from "./due.ts";
import { carryOut, consider, hold } from "./enter/next-step.ts";
import { ownObstacle } from "./obstacles.ts";
import type { PhaseRules } from "./rules.ts";

/** The look after an answer comes at once, unless the process table cannot be read. */
const ANSWER_VALID_MS = 500;

/** Nothing stands against the next step by systemd's answer. */
export const clear: PhaseRules<"clear"> = {
  onSighting(entry, sighting, context) {
    const { due, clearAt } = entry.phase;
    const { mono } = context.at;
    if (isStale(due, context)) return entry;
    const process = acceptBeforeStep(entry, due, sighting, context, true);
    if (process) return recoverBeforeStep(entry, due, sighting, process, context);
    if (mono < clearAt) return entry;
    if (mono - clearAt > ANSWER_VALID_MS) return consider(entry, context, due);
    const obstacle = ownObstacle(entry, due, context);
    return obstacle ? hold(entry, context, due, obstacle) : carryOut(entry, context, due);
  },
};
