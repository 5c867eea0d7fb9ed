import type { Instant } from "../system/clock.ts";

/** How a monitor is doing: for the watchdog and for `status`. Counts are since this program started. */
export interface Progress {
  lastObservation: Instant | undefined;
  observations: number;
  /** Times that sensing threw, ended by itself, or was restarted because a decision threw. */
  restarts: number;
  failedDecisions: number;
  failedEffects: number;
}

/** The progress of a monitor that has not begun. */
export function noProgress(): Progress {
  return { lastObservation: undefined, observations: 0, restarts: 0, failedDecisions: 0, failedEffects: 0 };
}
