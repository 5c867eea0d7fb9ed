import { acceptProcess } from "./accept.ts";
import { enterUp } from "./enter/up.ts";
import type { PhaseRules } from "./rules.ts";

/** A process that only contains the name of a failed entry is its recovery when it has lived so long. */
const LASTING_MS = 60_000;

/** All rounds have failed, and Masakari is notified. */
export const failed: PhaseRules<"failed"> = {
  onSighting(entry, sighting, context) {
    // An operator who repairs it may run programs that have its name in their command line; they end soon.
    const accepted = { first: true, since: entry.phase.notifiedAt, lasting: LASTING_MS };
    const process = acceptProcess(entry, sighting, context.at, accepted);
    return process ? enterUp(entry, sighting, process, context, { text: "is running", afterRound: 0 }) : entry;
  },
};
