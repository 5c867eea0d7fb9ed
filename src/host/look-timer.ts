import type { Clock } from "../system/clock.ts";

/** Looks must not take more than two thirds of the time, however many events there are. */
const REST_OF_LOOK = 0.5;
const SHORTEST_MS = 50;
/** A look during which this program was suspended has taken long, and the next one is needed at once. */
const LONGEST_MS = 5000;

/** Waits between two looks, and ends the wait early when a look is asked for. */
export class LookTimer {
  readonly #clock: Clock;
  #requested = false;
  #wake: (() => void) | undefined;
  /** What was left out of the rest before, because a look was asked for, ms: the next rest is longer by it. */
  #owed = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  lookNow(): void {
    this.#requested = true;
    this.#wake?.();
  }

  /**
   * Resolves when the next look is due, or the signal aborts.
   * @param lookedAt when the look before began, mono ms
   * @param pauseMs how long to wait unless a look was asked for meanwhile
   */
  async untilNext(lookedAt: number, pauseMs: () => number, signal: AbortSignal): Promise<void> {
    await this.#rest(this.#clock.now().mono - lookedAt, signal);
    if (!this.#requested) await this.#untilRequested(pauseMs(), signal);
    this.#requested = false;
  }

  /** The rest after a look that took so many ms; what happens during a look or the rest after it is looked at soon, but not each time. */
  async #rest(tookMs: number, signal: AbortSignal): Promise<void> {
    const began = this.#clock.now().mono;
    const due = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, tookMs * REST_OF_LOOK) + this.#owed);
    if (this.#owed > 0) {
      this.#owed = 0;
      await rest(this.#clock, due, signal);
      return;
    }
    await rest(this.#clock, SHORTEST_MS, signal);
    if (!this.#requested) await this.#untilRequested(due - SHORTEST_MS, signal);
    if (this.#requested) this.#owed = Math.max(0, due - (this.#clock.now().mono - began));
  }

  async #untilRequested(ms: number, signal: AbortSignal): Promise<void> {
    if (ms <= 0) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await rest(this.#clock, ms, AbortSignal.any([signal, woken.signal]));
    this.#wake = undefined;
  }
}

/** Resolves after so many ms, or when the signal aborts. */
export async function rest(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  await clock.sleep(ms, signal).catch(() => undefined);
}
