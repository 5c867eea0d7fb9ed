import type { ProcessIdentity } from "../../../system/proc-table.ts";
import type { Sighting } from "../../observation.ts";
import { downSinceOf, type EntryState, notifiedAtOf } from "../../state.ts";
import { type Context, inPhase, subjectOf, timeOf } from "../context.ts";

/** The entry is running, as `process`: watch it, and withdraw what was notified about its failure. */
export function enterUp(
  entry: EntryState,
  sighting: Sighting,
  process: ProcessIdentity,
  context: Context,
  how: { readonly text: string; readonly afterRound: number },
): EntryState {
  const { key, phase } = entry;
  const { pid, startTime } = process;
  context.cancelWake(key);
  context.act({ kind: "watch", key, process: { pid, startTime }, whole: sighting.whole !== undefined });
  const notifiedAt = notifiedAtOf(phase);
  // At the first look too: a notification of an earlier run may be in the outbox, and its state not be readable any more.
  if (notifiedAt || phase.name === "unchecked") {
    context.supersede(subjectOf(key), `${key} is running again (pid ${pid})`);
  }
  if (notifiedAt) {
    const at = timeOf(notifiedAt);
    const what = notifiedAt.inShadow ? "its failure was logged" : "Masakari was notified of its failure";
    context.log("warning", `${key} (pid ${pid}) has recovered; ${what} at ${at}`);
  } else {
    context.log("info", `${key} (pid ${pid}) ${how.text}`);
  }
  return inPhase<"up">(
    { ...noteHowFound(entry, sighting, process, context), upSinceBoot: true },
    {
      name: "up",
      process: { pid, startTime },
      afterRound: how.afterRound,
      provenAt: context.at.mono + context.settings.check_interval * 1000,
      downSince: phase.name === "settling" ? phase.downSince : downSinceOf(phase),
    },
  );
}

/** Keeps how the entry was found; what only contains the name is accepted loudly, so that a switch-over restarts nothing healthy. */
export function noteHowFound(
  entry: EntryState,
  sighting: Sighting,
  process: ProcessIdentity,
  context: Context,
): EntryState {
  const { key, foundAs } = entry;
  if (sighting.whole) {
    if (foundAs === "partial") context.log("info", `${key} now runs as a program of this name (pid ${process.pid})`);
    return foundAs === "whole" ? entry : { ...entry, foundAs: "whole" };
  }
  const partial = sighting.partials?.find(({ pid }) => pid === process.pid);
  if (!partial || foundAs === "partial") return entry;
  context.log(
    "warning",
    `${key}: no program of this name runs; pid ${partial.pid} has the name in its command line, "${partial.shown}", ` +
      `and is treated as the process, as upstream does. Correct process_name, or set match: substring`,
  );
  return { ...entry, foundAs: "partial" };
}
