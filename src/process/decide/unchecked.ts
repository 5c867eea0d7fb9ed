import { acceptProcess } from "./accept.ts";
import { stayFailed } from "./enter/failed.ts";
import { proceed } from "./enter/next-step.ts";
import { settleUnwatched } from "./enter/settling.ts";
import { hasStartCommand } from "./enter/starting.ts";
import { enterUp } from "./enter/up.ts";
import type { PhaseRules } from "./rules.ts";

/** The first look since the monitor started or the entry was added. */
export const unchecked: PhaseRules<"unchecked"> = {
  onSighting(entry, sighting, context) {
    const { notifiedAt } = entry.phase;
    const process = acceptProcess(entry, sighting, context.at, { first: true });
    if (process) return enterUp(entry, sighting, process, context, { text: "is running", afterRound: 0 });
    if (hasStartCommand(entry)) {
      return proceed(entry, context, { kind: "start" }, { since: context.at, notifiedAt });
    }
    if (notifiedAt) return stayFailed(entry, context, notifiedAt);
    context.log("warning", `${entry.key} is not running, and the process list has no command to start it`);
    return settleUnwatched(entry, context);
  },
};
