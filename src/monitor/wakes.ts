import type { Clock, Timer } from "../system/clock.ts";

/** Timers by key: one that is set again replaces the one before. */
export class Wakes {
  readonly #clock: Clock;
  readonly #onWake: (key: string) => void;
  readonly #timers = new Map<string, Timer>();

  constructor(clock: Clock, onWake: (key: string) => void) {
    this.#clock = clock;
    this.#onWake = onWake;
  }

  set(key: string, afterMs: number): void {
    this.cancel(key);
    const timer = this.#clock.setTimer(afterMs, () => {
      this.#timers.delete(key);
      this.#onWake(key);
    });
    this.#timers.set(key, timer);
  }

  cancel(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }

  cancelAll(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
