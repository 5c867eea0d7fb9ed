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
    const took = this.#clock.now().mono - lookedAt;
    await rest(this.#clock, Math.min(LONGEST_MS, Math.max(SHORTEST_MS, took * REST_OF_LOOK)), signal);
    if (!this.#requested) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await rest(this.#clock, pauseMs(), AbortSignal.any([signal, woken.signal]));
      this.#wake = undefined;
    }
    this.#requested = false;
  }
}

/** Resolves after so many ms, or when the signal aborts. */
export async function rest(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  await clock.sleep(ms, signal).catch(() => undefined);
}
