import type { Clock, Instant, Timer } from "../../../src/system/clock.ts";

const never = new Promise<never>(() => undefined);

/** The clock of one simulated program: it can be frozen, which delays all that is due, and ended; its wall time may be wrong. */
export class ProgramClock implements Clock {
  readonly #clock: Clock;
  readonly #wallOffset: () => number;
  readonly #timers = new Set<Timer>();
  #due: (() => void)[] = [];
  #thawed: (() => void)[] = [];
  #frozen = false;
  #ended = false;

  /** @param wallOffset by how much this machine's wall time differs, ms */
  constructor(clock: Clock, wallOffset: () => number) {
    this.#clock = clock;
    this.#wallOffset = wallOffset;
  }

  now(): Instant {
    const { wall, mono } = this.#clock.now();
    return { wall: wall + this.#wallOffset(), mono };
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    if (this.#ended) return { cancel: () => undefined };
    let cancelled = false;
    const timer = this.#clock.setTimer(delayMs, () => {
      this.#timers.delete(timer);
      if (this.#frozen) this.#due.push(() => cancelled || callback());
      else callback();
    });
    this.#timers.add(timer);
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
        this.#timers.delete(timer);
      },
    };
  }

  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    if (this.#ended) return never;
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

  /** What arrives from outside is taken in when the program runs; never after its end. */
  async received<T>(received: Promise<T>): Promise<T> {
    await received.catch(() => undefined);
    if (this.#ended) return never;
    if (this.#frozen) await new Promise<void>((resolve) => this.#thawed.push(resolve));
    return await received;
  }

  freeze(): void {
    this.#frozen = true;
  }

  /** What has arrived meanwhile is taken in before what is due, as epoll does it. */
  thaw(): void {
    this.#frozen = false;
    const [thawed, due] = [this.#thawed, this.#due];
    this.#thawed = [];
    this.#due = [];
    for (const resolve of thawed) resolve();
    for (const callback of due) this.setTimer(0, callback);
  }

  end(): void {
    this.#ended = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#due = [];
  }
}
