import type { Clock } from "../system/clock.ts";

/** A timer that fires so late shows that this program was stopped or starved. ms */
const STALL_MS = 5000;
/** A wall clock that moves so much more or less than the monotonic one was set, or the machine slept. ms */
const JUMP_MS = 60_000;
/** How long nothing is sent afterwards, ms: a monitor looks again at once, and takes back what is not true any more. */
const REST_MS = 5000;
/** How long it waits in all while timers go on being late, ms: on a machine that stays so busy, what is true has to be sent too. */
const LONGEST_REST_MS = 30_000;

/** Notices by late timers that this program stood still: what it was to send may be untrue by now. */
export class Standstill {
  readonly #clock: Clock;
  #clockBase: number;
  #restFrom = Number.NEGATIVE_INFINITY;
  #restUntil = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
    const { wall, mono } = clock.now();
    this.#clockBase = wall - mono;
  }

  /** A timer has fired. @param due when it was to, monotonic ms */
  fired(due: number): void {
    const { wall, mono } = this.#clock.now();
    const jump = Math.abs(wall - mono - this.#clockBase);
    this.#clockBase = wall - mono;
    if (mono - due <= STALL_MS && jump <= JUMP_MS) return;
    // Late again at the end of a rest: it goes on.
    if (due > this.#restUntil) this.#restFrom = mono;
    this.#restUntil = Math.min(mono + REST_MS, this.#restFrom + LONGEST_REST_MS);
  }

  /** For how long nothing is to be sent, ms; 0 or less: now it may be. */
  get leftMs(): number {
    return this.#restUntil - this.#clock.now().mono;
  }
}
