import type { HistogramCounts } from "../system/histogram.ts";
import type { Condition } from "./conditions.ts";
import type { WatchedSubject } from "./subject.ts";

/** What is wrong, and since when: monotonic ms. */
export interface Trouble {
  readonly reason: string;
  readonly since: number;
}

/** One series of what the decisions of a monitor count; a histogram where durations are counted. */
export interface CountedFact {
  readonly counter: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | HistogramCounts;
}

/** The progress of sensing and deciding. Counts are since the program started. */
export interface LoopFacts {
  readonly observations: number;
  /** Monotonic ms. */
  readonly lastObservation: number | undefined;
  /** When the run of sensing that goes on began, monotonic ms; undefined while there is none. */
  readonly sensingSince: number | undefined;
  /** How long sensing may observe nothing while all is well, ms; undefined: its silence means nothing. */
  readonly silenceLimitMs: number | undefined;
  /** The last time that sensing failed. */
  readonly lastFailure: Trouble | undefined;
  readonly restarts: number;
  readonly failedDecisions: number;
  readonly failedEffects: number;
  /** Per notification: from its observation until it was decided and in the outbox. */
  readonly decisionLatency: HistogramCounts;
  /** What the decisions have counted. */
  readonly counts: readonly CountedFact[];
  /** The effect that has been under way for the longest time. */
  readonly oldestActing: { readonly kind: string; readonly since: number } | undefined;
}

/** The state of the outbox and of delivery. */
export interface OutboxFacts {
  readonly pending: number;
  /** When the oldest that is pending was put in, monotonic ms. */
  readonly oldestPending: number | undefined;
  readonly inFlight: number;
  /** How many were put in, tried, delivered …, since the program started. */
  readonly counters: Readonly<Record<string, number>>;
  /** Per delivered notification: from being put in until the API accepted it. */
  readonly deliveryLatency: HistogramCounts;
  /** Likewise: from the observation that it was decided from; of one that an earlier run left, from being put in. */
  readonly acceptanceLatency: HistogramCounts;
  /** All attempts fail. */
  readonly outage: Trouble | undefined;
  /** There is no login. */
  readonly login: Trouble | undefined;
  /** There is a login, and Masakari's API cannot be found or does not answer. */
  readonly unreachable: Trouble | undefined;
  /** The last notification that was not delivered and will not be. */
  readonly undeliverable: Trouble | undefined;
  /** Nothing reaches the disk; perhaps because it hangs. */
  readonly disk: (Trouble & { readonly isHung?: boolean }) | undefined;
}

/** How promptly this process runs what is due. */
export interface LoopDelayFacts {
  /** The longest time in which nothing ran, ms, since the program started. */
  readonly worstMs: number;
  /** The last one that was bad. */
  readonly lastBad: Trouble | undefined;
}

/** The requests to one service since the program was started. */
export interface RequestFacts {
  /** By HTTP status; `error`: no response. */
  readonly codes: ReadonlyMap<string, number>;
  readonly durations: HistogramCounts;
  /** ms since the epoch. */
  readonly lastSuccess: number | undefined;
}

/** All that the health of one monitor is judged by: plain values, taken at one moment. */
export interface Facts {
  readonly conditions: ReadonlyMap<string, Condition>;
  readonly loop: LoopFacts;
  readonly delay: LoopDelayFacts;
  readonly outbox: OutboxFacts;
  /** What was requested of Keystone and Masakari, by service. */
  readonly requests: ReadonlyMap<string, RequestFacts>;
  /** What is watched, as it is; empty while that is not known. */
  readonly subjects?: readonly WatchedSubject[];
}
