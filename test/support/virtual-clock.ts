import type { Clock, Instant, Timer } from "../../src/system/clock.ts";

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Lets everything that is ready to run (promises, and what they start) run until only timers and I/O are left. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * A clock that moves only when told. Timers fire in the order of their due time, then of their setting, and promises
 * settle between two timers, so one seed is one run.
 */
export class VirtualClock implements Clock {
  #mono: number;
  #wall: number;
  #order = 0;
  readonly #timers = new Set<Pending>();

  constructor(start: Instant = { wall: Date.UTC(2026, 0, 1), mono: 1000 }) {
    this.#mono = start.mono;
    this.#wall = start.wall;
  }

  now(): Instant {
    return { wall: this.#wall, mono: this.#mono };
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer: Pending = { due: this.#mono + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        timer.cancel();
        reject(signal.reason);
      };
      const timer = this.setTimer(delayMs, () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      });
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Time passes in which nothing runs: timers that were due have not fired yet. */
  stall(ms: number): void {
    this.#mono += ms;
    this.#wall += ms;
  }

  /** Steps the wall clock, as an operator or NTP would; monotonic time stays. */
  stepWall(byMs: number): void {
    this.#wall += byMs;
  }

  /** Lets `ms` of time pass and fires what falls due in it. */
  async advance(ms: number): Promise<void> {
    const end = this.#mono + ms;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#moveTo(next.due);
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.#moveTo(end);
  }

  /** Runs until no timer is set; throws after `limitMs` of virtual time, because then something never comes to rest. */
  async runUntilIdle(limitMs = 7 * 86_400_000): Promise<void> {
    const end = this.#mono + limitMs;
    await settle();
    while (this.#timers.size > 0) {
      const next = this.#next(end);
      if (next === undefined) throw new Error(`not idle after ${limitMs} ms: ${this.#timers.size} timers are set`);
      await this.advance(next.due - this.#mono);
    }
  }

  #next(end: number): Pending | undefined {
    let first: Pending | undefined;
    for (const timer of this.#timers) {
      if (timer.due > end) continue;
      if (first === undefined || timer.due < first.due || (timer.due === first.due && timer.order < first.order)) {
        first = timer;
      }
    }
    return first;
  }

  #moveTo(mono: number): void {
    this.#wall += mono - this.#mono;
    this.#mono = mono;
  }
}
