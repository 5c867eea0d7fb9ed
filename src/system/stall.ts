import type { Clock, Instant } from "./clock.ts";

/** What is done so much too late shows that this program was stopped or starved. ms */
const STALL_MS = 5000;
/** A wall clock that moves so much more or less than the monotonic one was set, or the machine slept. ms */
const JUMP_MS = 60_000;

/** Notices that this program was stopped or starved, or that the machine slept. */
export class StallDetector {
  readonly #clock: Clock;
  #latest: Instant;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#latest = clock.now();
  }

  /**
   * To be called when something is done that was due, such as a timer.
   * @param due monotonic ms
   * @returns for how long nothing ran, ms, if that is too long; undefined otherwise
   */
  notice(due: number): { readonly at: Instant; readonly forMs: number } | undefined {
    const at = this.#clock.now();
    const before = this.#latest;
    this.#latest = at;
    const late = at.mono - due;
    const jump = Math.abs(at.wall - before.wall - (at.mono - before.mono));
    return late > STALL_MS || jump > JUMP_MS ? { at, forMs: Math.max(late, jump) } : undefined;
  }
}
