import type { Instant } from "../../../system/clock.ts";
import type { EntryState } from "../../state.ts";
import { type Context, inPhase, restartIntervalMs } from "../context.ts";
import { nextRoundOf, proceed } from "./next-step.ts";

/** A round (0: the start) has failed, just looked for: the next one, at once for the first and else after restart_interval. */
export function followFailedRound(entry: EntryState, context: Context, round: number, since: Instant): EntryState {
  const next = nextRoundOf(entry, context, round);
  const interval = round === 0 || next.kind !== "round" ? 0 : restartIntervalMs(entry, context);
  if (interval === 0) return proceed(entry, context, next, { since });
  context.wake(entry.key, interval);
  return inPhase<"waiting">(entry, { name: "waiting", since, round, until: context.at.mono + interval });
}
