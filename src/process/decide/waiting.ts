import { acceptProcess } from "./accept.ts";
import { proceed } from "./enter/next-step.ts";
import { enterUp } from "./enter/up.ts";
import type { PhaseRules } from "./rules.ts";

/** A round has failed; the next one begins after restart_interval. */
export const waiting: PhaseRules<"waiting"> = {
  onSighting(entry, sighting, context) {
    const { round, since, until } = entry.phase;
    const isOver = context.at.mono >= until;
    const process = acceptProcess(entry, sighting, context.at, { first: true, ...(isOver && { since }) });
    if (process) {
      return enterUp(entry, sighting, process, context, { text: "is running again, by itself", afterRound: round });
    }
    return isOver ? proceed(entry, context, { kind: "round", round: round + 1 }, { since }) : entry;
  },
};
