import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import type { LoopDelayFacts } from "./facts.ts";

const MEASURED_EVERY_MS = 1000;
/** Nothing is sensed or sent meanwhile, and no request is served; a busy machine alone seldom makes it a second. */
export const BAD_DELAY_MS = 5000;

/**
 * Measures for how long nothing can run in this process: a timer that fires late shows that the event loop was blocked by
 * work without an end, or that the process was stopped (SIGSTOP) or had no CPU. A host that sleeps does not count.
 */
export class LoopDelay {
  readonly #clock: Clock;
  readonly #log: Logger;
  #facts: LoopDelayFacts = { worstMs: 0, lastBad: undefined };

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Since the program started. */
  get facts(): LoopDelayFacts {
    return this.#facts;
  }

  /** Measures until the signal aborts. */
  async measure(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const since = this.#clock.now().mono;
      await this.#clock.sleep(MEASURED_EVERY_MS, signal).catch(() => undefined);
      if (!signal.aborted) this.#note(this.#clock.now().mono - since - MEASURED_EVERY_MS);
    }
  }

  #note(delayMs: number): void {
    const worstMs = Math.max(this.#facts.worstMs, delayMs);
    if (delayMs < BAD_DELAY_MS) {
      if (worstMs > this.#facts.worstMs) this.#facts = { ...this.#facts, worstMs };
      return;
    }
    const reason =
      `nothing in this program ran for ${(delayMs / 1000).toFixed(1)} s: it was blocked by its own work, stopped (SIGSTOP), ` +
      "or had no CPU";
    this.#facts = { worstMs, lastBad: { reason, since: this.#clock.now().mono } };
    this.#log.warning(
      `${reason}. Nothing was monitored meanwhile. If the host was not overloaded, please report this line`,
    );
  }
}
