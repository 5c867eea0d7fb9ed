import type { Clock, Instant } from "../system/clock.ts";
import { StallDetector } from "../system/stall.ts";

/** The longest interval between two beats of the pulse, ms. */
export const PULSE_MS = 1000;

/**
 * Notices that this program was stopped or starved, or that the machine slept. Whatever arrives first afterwards beats it: Node
 * delivers what came in meanwhile, and timers that were due, before the timer that beats every second.
 */
export class Pulse {
  readonly #clock: Clock;
  readonly #stalls: StallDetector;
  #due: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#stalls = new StallDetector(clock);
    this.#due = clock.now().mono + PULSE_MS;
  }

  /** @returns for how long nothing ran, ms, if that is too long; undefined otherwise */
  beat(): { readonly at: Instant; readonly forMs: number } | undefined {
    const due = this.#due;
    this.#due = this.#clock.now().mono + PULSE_MS;
    return this.#stalls.notice(due);
  }
}
