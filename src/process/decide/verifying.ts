import { acceptProcess } from "./accept.ts";
import { type Context, lookAgain, secondsBetween } from "./context.ts";
import { stayFailed } from "./enter/failed.ts";
import { enterUp } from "./enter/up.ts";
import { followFailedRound } from "./enter/waiting.ts";
import type { PhaseRules } from "./rules.ts";

/** The commands have ended, and the process is expected to appear. */
export const verifying: PhaseRules<"verifying"> = {
  onSighting(entry, sighting, context) {
    const { key, phase } = entry;
    const { round, since, succeeded, endedAt, until, notifiedAt } = phase;
    const { at } = context;
    if (at.mono < endedAt) return entry;
    // While there is time the program itself is waited for: a wrapper that starts it has its name, too.
    const isLast = !succeeded || at.mono >= until;
    const accepted = isLast ? { first: true, since: notifiedAt ?? since } : { first: round === 0 };
    const process = acceptProcess(entry, sighting, at, accepted);
    if (process) {
      const down = secondsBetween(since.mono, at.mono);
      const by = round === 0 ? "is running" : `is running again after ${down}, restarted in round ${round}`;
      const text = succeeded ? by : `${by}, although a command failed`;
      countRestart(key, round, "succeeded", context);
      return enterUp(entry, sighting, process, context, { text, afterRound: round });
    }
    if (!isLast) {
      lookAgain(context, entry, endedAt, until);
      return entry;
    }
    if (succeeded) {
      const problem = sighting.problem ? ` (${sighting.problem})` : "";
      const within = secondsBetween(endedAt, at.mono);
      const commands = context.isShadow ? "no command was run, and" : "the commands succeeded, but";
      context.log("error", `${key}: ${commands} no such process appeared within ${within}${problem}`);
    }
    countRestart(key, round, "failed", context);
    return notifiedAt ? stayFailed(entry, context, notifiedAt) : followFailedRound(entry, context, round, since);
  },
};

/** Round 0 is the start of what never ran. */
function countRestart(key: string, round: number, result: "succeeded" | "failed", context: Context): void {
  if (round > 0) context.count("process_restarts", { process: key, result });
}
