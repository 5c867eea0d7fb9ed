import type { Sighting } from "../observation.ts";
import type { EntryIn } from "../state.ts";
import { acceptProcess } from "./accept.ts";
import { type Context, inPhase, lookAgain, secondsBetween, settleMs } from "./context.ts";
import { nextRoundOf, proceed } from "./enter/next-step.ts";
import { enterUp } from "./enter/up.ts";
import type { PhaseRules } from "./rules.ts";

/** Its process is gone, and systemd or another supervisor has its time to restart it. */
export const settling: PhaseRules<"settling"> = {
  onSighting(entry, sighting, context) {
    const { phase } = entry;
    const { at } = context;
    if (at.mono < phase.since.mono) return entry;
    const process = acceptProcess(entry, sighting, at, { first: true });
    if (process) {
      const after = secondsBetween(phase.since.mono, at.mono);
      const text = phase.confirmed
        ? `is running again after ${after}: systemd or another supervisor has restarted it`
        : `is still running; ${endedOf(entry)} of it has ended`;
      return enterUp(entry, sighting, process, context, { text, afterRound: phase.afterRound });
    }
    if (!phase.confirmed) logDeath(entry, sighting, context);
    const confirmed = phase.confirmed ? entry : inPhase<"settling">(entry, { ...phase, confirmed: true });
    if (at.mono >= phase.until) {
      return proceed(confirmed, context, nextRoundOf(entry, context, phase.afterRound), { since: phase.downSince });
    }
    // Soon at first: a new process shows its plain name before it sets a title of its own.
    lookAgain(context, entry, phase.since.mono, phase.until);
    return confirmed;
  },
};

function endedOf({ phase: { pid } }: EntryIn<"settling">): string {
  return pid === undefined ? "one process" : `pid ${pid}`;
}

function logDeath(entry: EntryIn<"settling">, sighting: Sighting, context: Context): void {
  const wait = settleMs(entry, context);
  const then =
    wait > 0 ? `; waiting ${(wait / 1000).toFixed(1)} s for systemd or another supervisor to restart it` : "";
  const why = sighting.problem ? ` (${sighting.problem})` : "";
  const what = sighting.replacedBy
    ? `: ${endedOf(entry)} executes another program now, "${sighting.replacedBy}"`
    : ` (${endedOf(entry)}) has ended${why}`;
  context.log("warning", `${entry.key}${what}${then}`);
}
