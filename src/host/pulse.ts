import type { Clock, Instant } from "../system/clock.ts";

/** The longest interval between two beats of the pulse, and the pause from which this program counts as suspended. ms */
export const PULSE_MS = 1000;
const STALL_MS = 5000;
/** A wall clock that moves so much more or less than the monotonic one was set, or the machine slept. ms */
const JUMP_MS = 60_000;

/**
 * Notices that this program was stopped or starved, or that the machine slept. Whatever arrives first afterwards beats it: Node
 * delivers what came in meanwhile, and timers that were due, before the timer that beats every second.
 */
export class Pulse {
  readonly #clock: Clock;
  #latest: Instant;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#latest = clock.now();
  }

  /** @returns for how long nothing ran, ms, if that is too long; undefined otherwise */
  beat(): { readonly at: Instant; readonly forMs: number } | undefined {
    const at = this.#clock.now();
    const before = this.#latest;
    this.#latest = at;
    const late = at.mono - before.mono - PULSE_MS;
    const jump = Math.abs(at.wall - before.wall - (at.mono - before.mono));
    return late > STALL_MS || jump > JUMP_MS ? { at, forMs: Math.max(late, jump) } : undefined;
  }
}
