/**
 * One moment as this host saw it. `wall` (ms since the Unix epoch) is for what leaves the host or is shown;
 * `mono` (ms since boot, CLOCK_MONOTONIC) is for every duration, because an operator or NTP may step the wall clock.
 */
export interface Instant {
  readonly wall: number;
  readonly mono: number;
}

/** A timer that has been set; `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

/** All waiting goes through this, so that a simulation can run it under a virtual clock. */
export interface Clock {
  now(): Instant;
  /** Calls `callback` once, `delayMs` (≥ 0) of monotonic time from now. */
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Resolves after `delayMs`; rejects with the signal's reason as soon as it aborts. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}
