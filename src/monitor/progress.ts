import type { WatchedSubject } from "../status/subject.ts";
import type { Instant } from "../system/clock.ts";
import { Histogram } from "../system/histogram.ts";
import { Counts } from "./counts.ts";

/** An effect that is being carried out. */
export interface Acting {
  readonly kind: string;
  readonly since: Instant;
}

/** How a monitor is doing: for the watchdog and for `status`. Counts are since this program started. */
export interface Progress {
  lastObservation: Instant | undefined;
  observations: number;
  /** When the run of sensing that goes on began; undefined while there is none. */
  sensingSince: Instant | undefined;
  /** The last time that sensing threw, ended by itself, or was ended because a decision threw. */
  lastFailure: { readonly at: Instant; readonly reason: string } | undefined;
  /** How many times that was. */
  restarts: number;
  failedDecisions: number;
  failedEffects: number;
  /** Per notification: from its observation until it was decided and in the outbox. */
  readonly decisionLatency: Histogram;
  /** What decisions have counted. */
  readonly counts: Counts;
  /** Effects under way. */
  readonly acting: Set<Acting>;
  /** What is watched, as it is now. */
  subjects: () => readonly WatchedSubject[];
}

/** The progress of a monitor that has not begun. */
export function noProgress(): Progress {
  return {
    lastObservation: undefined,
    observations: 0,
    sensingSince: undefined,
    lastFailure: undefined,
    restarts: 0,
    failedDecisions: 0,
    failedEffects: 0,
    decisionLatency: new Histogram(),
    counts: new Counts(),
    acting: new Set(),
    subjects: () => [],
  };
}
