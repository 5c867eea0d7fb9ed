import type { Instant } from "../../../system/clock.ts";
import type { EntryState, NotifiedAt } from "../../state.ts";
import { type Context, inPhase, lookFor, settleMs } from "../context.ts";

/** The commands have ended: the process table shows whether they worked, at once and then until the time is up. */
export function enterVerifying(
  entry: EntryState,
  context: Context,
  commands: {
    readonly round: number;
    readonly succeeded: boolean;
    readonly since: Instant;
    readonly notifiedAt: NotifiedAt | undefined;
  },
): EntryState {
  const { at, settings } = context;
  lookFor(entry, context);
  const allowed = Math.max(settleMs(entry, context), settings.check_interval * 1000);
  return inPhase<"verifying">(entry, {
    name: "verifying",
    ...commands,
    endedAt: at.mono,
    until: at.mono + allowed,
  });
}
