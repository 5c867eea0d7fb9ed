import type { Clock, Instant, Timer } from "../../src/system/clock.ts";

interface Pending {
  readonly due: number;
  readonly callback: () => void;
}

/** So many times what is ready to run may make something else ready. */
const MOST_ROUNDS = 1000;

/** Lets everything that is ready to run (promises, immediates, and what they start) run until only timers and I/O are left. */
export async function settle(): Promise<void> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (!process.getActiveResourcesInfo().includes("Immediate")) return;
  }
  throw new Error(`not at rest after ${MOST_ROUNDS} rounds of the event loop`);
}

/**
 * A clock that moves only when a test moves it. Timers fire in the order of their due time, then of their setting, and promises
 * settle between two timers, so one seed is one run.
 */
export class VirtualClock implements Clock {
  #mono: number;
  #wall: number;
  /** By due time, then in the order of their setting. */
  readonly #timers: Pending[] = [];

  constructor(start: Instant = { wall: Date.UTC(2026, 0, 1), mono: 1000 }) {
    this.#mono = start.mono;
    this.#wall = start.wall;
  }

  now(): Instant {
    return { wall: this.#wall, mono: this.#mono };
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer: Pending = { due: this.#mono + Math.max(0, delayMs), callback };
    let [low, high] = [0, this.#timers.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle]?.due ?? 0) > timer.due) high = middle;
      else low = middle + 1;
    }
    this.#timers.splice(low, 0, timer);
    return {
      cancel: () => {
        const index = this.#timers.indexOf(timer);
        if (index >= 0) this.#timers.splice(index, 1);
      },
    };
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
    return this.#timers.length;
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
    await this.settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      // One that was due while nothing ran fires late.
      this.#moveTo(Math.max(next.due, this.#mono));
      this.#timers.shift();
      next.callback();
      await this.settle();
    }
    this.#moveTo(end);
  }

  /** Runs until no timer is set; throws after `limitMs` of virtual time, because then something never comes to rest. */
  async runUntilIdle(limitMs = 7 * 86_400_000): Promise<void> {
    const end = this.#mono + limitMs;
    await this.settle();
    while (this.#timers.length > 0) {
      const next = this.#next(end);
      if (next === undefined) throw new Error(`not idle after ${limitMs} ms: ${this.#timers.length} timers are set`);
      await this.advance(next.due - this.#mono);
    }
  }

  /** Lets what is ready to run come to rest. */
  protected async settle(): Promise<void> {
    await settle();
  }

  #next(end: number): Pending | undefined {
    const [first] = this.#timers;
    return first !== undefined && first.due <= end ? first : undefined;
  }

  #moveTo(mono: number): void {
    this.#wall += mono - this.#mono;
    this.#mono = mono;
  }
}
