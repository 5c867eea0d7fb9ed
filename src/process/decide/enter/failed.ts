import type { Instant } from "../../../system/clock.ts";
import type { EntryState, NotifiedAt } from "../../state.ts";
import { type Context, inPhase, roundsOf, secondsBetween, subjectOf, timeOf } from "../context.ts";

/** Every round has failed and the last look found nothing: the one place where Masakari is notified. */
export function giveUp(entry: EntryState, context: Context, since: Instant): EntryState {
  const { at } = context;
  const { process_name, restart_command } = entry.entry;
  const rounds = roundsOf(entry, context);
  const inVain = rounds === 1 ? "its restart did not help" : `${rounds} rounds of restart did not help`;
  const tried = restart_command.trim() === "" ? "has no restart_command" : inVain;
  const known = context.isShadow ? "nothing has restarted it" : tried;
  const down = secondsBetween(since.mono, at.mono);
  const byHand = context.isShadow ? "If no other monitor restarts it," : "It is not restarted any more:";
  const then = `${context.notifying}. ${byHand} start it by hand`;
  context.log("error", `${entry.key} has been down for ${down} and ${known}; ${then}`);
  context.notify(subjectOf(entry.key), {
    type: "PROCESS",
    payload: { event: "STOPPED", process_name: process_name.slice(process_name.lastIndexOf("/") + 1) },
  });
  return inPhase<"failed">(entry, { name: "failed", notifiedAt: context.isShadow ? { ...at, inShadow: true } : at });
}

/** It was notified before the monitor's own restart, and nothing has helped since. */
export function stayFailed(entry: EntryState, context: Context, notifiedAt: NotifiedAt): EntryState {
  const how = notifiedAt.inShadow ? "logged" : "notified";
  context.log("warning", `${entry.key} is still down, as ${how} at ${timeOf(notifiedAt)}; start it by hand`);
  return inPhase<"failed">(entry, { name: "failed", notifiedAt });
}
