import type { EntryIn, EntryState } from "../../state.ts";
import { type Context, inPhase, settleMs } from "../context.ts";
import { nextRoundOf, proceed } from "./next-step.ts";

/** The watched process has ended; whether another lives (a new master, a worker) is not known yet. */
export function settleAfterUp(entry: EntryIn<"up">, context: Context): EntryIn<"settling"> {
  const { phase } = entry;
  const { at } = context;
  // One that ends this soon after it came back had not recovered: its rounds and its time go on.
  const proven = at.mono >= phase.provenAt;
  return inPhase<"settling">(entry, {
    name: "settling",
    since: at,
    until: at.mono + settleMs(entry, context),
    pid: phase.process.pid,
    afterRound: proven ? 0 : phase.afterRound,
    confirmed: false,
    downSince: proven ? at : (phase.downSince ?? at),
  });
}

/** Just looked for and down, and no process of it has been watched. */
export function settleUnwatched(entry: EntryState, context: Context): EntryState {
  const { at } = context;
  const settle = settleMs(entry, context);
  const settling = inPhase<"settling">(entry, {
    name: "settling",
    since: at,
    until: at.mono + settle,
    pid: undefined,
    afterRound: 0,
    confirmed: true,
    downSince: at,
  });
  if (settle <= 0) return proceed(settling, context, nextRoundOf(entry, context, 0), { since: at });
  context.wake(entry.key, settle);
  return settling;
}
