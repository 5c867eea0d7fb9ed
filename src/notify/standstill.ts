import type { Clock } from "../system/clock.ts";
import { StallDetector } from "../system/stall.ts";

/** How long nothing is sent after a stall, ms: a monitor looks again at once, and takes back what is not true any more. */
const REST_MS = 5000;
/** How long it waits in all while timers go on being late, ms: on a machine that stays so busy, what is true has to be sent too. */
const LONGEST_REST_MS = 30_000;

/** Has the sending rest after this program stood still: what it was to send may be untrue by now. */
export class Standstill {
  readonly #clock: Clock;
  readonly #stalls: StallDetector;
  #restFrom = Number.NEGATIVE_INFINITY;
  #restUntil = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#stalls = new StallDetector(clock);
  }

  /** A timer has fired. @param due when it was to, monotonic ms */
  fired(due: number): void {
    const stall = this.#stalls.notice(due);
    if (stall === undefined) return;
    const { mono } = stall.at;
    // Late again at the end of a rest: it goes on.
    if (due > this.#restUntil) this.#restFrom = mono;
    this.#restUntil = Math.min(mono + REST_MS, this.#restFrom + LONGEST_REST_MS);
  }

  /** For how long nothing is to be sent, ms; 0 or less: now it may be. */
  get leftMs(): number {
    return this.#restUntil - this.#clock.now().mono;
  }
}
