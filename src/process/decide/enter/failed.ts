import type { Instant } from "../../../system/clock.ts";
import type { EntryState } from "../../state.ts";
import { type Context, inPhase, log, roundsOf, secondsBetween, subjectOf } from "../context.ts";

/** Every round has failed and the last look found nothing: the one place where Masakari is notified. */
export function giveUp(entry: EntryState, context: Context, since: Instant): EntryState {
  const { at } = context;
  const { process_name, restart_command } = entry.entry;
  const rounds = roundsOf(entry, context);
  const tried =
    restart_command.trim() === ""
      ? "has no restart_command"
      : rounds === 1
        ? "its restart did not help"
        : `${rounds} rounds of restart did not help`;
  const down = secondsBetween(since.mono, at.mono);
  log(
    context,
    "error",
    `${entry.key} has been down for ${down} and ${tried}; notifying Masakari. It is not restarted any more: start it by hand`,
  );
  const payload = { event: "STOPPED", process_name: process_name.slice(process_name.lastIndexOf("/") + 1) };
  context.notify(subjectOf(entry.key), { type: "PROCESS", payload });
  return inPhase<"failed">(entry, { name: "failed", notifiedAt: at });
}

/** It was notified before the monitor's own restart, and nothing has helped since. */
export function stayFailed(entry: EntryState, context: Context, notifiedAt: Instant): EntryState {
  log(context, "warning", `${entry.key} is still down, as notified at ${new Date(notifiedAt.wall).toISOString()}`);
  return inPhase<"failed">(entry, { name: "failed", notifiedAt });
}
