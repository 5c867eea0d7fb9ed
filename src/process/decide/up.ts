import { acceptProcess } from "./accept.ts";
import { inPhase, lookFor } from "./context.ts";
import { settleAfterUp } from "./enter/settling.ts";
import { noteHowFound } from "./enter/up.ts";
import type { PhaseRules } from "./rules.ts";
import { settling } from "./settling.ts";

/** Its process is watched. */
export const up: PhaseRules<"up"> = {
  onSighting(entry, sighting, context) {
    const { phase } = entry;
    const process = acceptProcess(entry, sighting, context.at);
    // This look shows already whether another of its processes lives.
    if (!process) return settling.onSighting(settleAfterUp(entry, context), sighting, context);
    const found = noteHowFound(entry, sighting, process, context);
    const { pid, startTime } = process;
    if (pid === phase.process.pid && startTime === phase.process.startTime) return found;
    const { key } = entry;
    context.act({ kind: "watch", key, process: { pid, startTime }, whole: sighting.whole !== undefined });
    return inPhase<"up">(found, { ...phase, process: { pid, startTime } });
  },
  /** Another may live (a new master, a worker), so a look comes first. */
  onExit(entry, context) {
    lookFor(entry, context);
    return settleAfterUp(entry, context);
  },
};
