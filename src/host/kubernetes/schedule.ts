import type { Clock } from "../../system/clock.ts";
import type { Look } from "./look.ts";

/** The first pause, ms, while the API server does not answer; each further one is half as long again, up to the interval. */
const UNANSWERED_MS = 1000;
/** Looks must not take more than two thirds of the time, however many events there are. */
const REST_OF_LOOK = 0.5;
const SHORTEST_MS = 50;

/** When to look next: at once after an event, when something is due, soon while the API server does not answer, else at the interval. */
export class LookSchedule {
  readonly #clock: Clock;
  readonly #intervalMs: () => number;
  #unansweredMs = UNANSWERED_MS;
  #requested = false;
  #wake: (() => void) | undefined;

  constructor(clock: Clock, intervalMs: () => number) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  lookNow(): void {
    this.#requested = true;
    this.#wake?.();
  }

  /** Resolves when the next look is due, or the signal aborts. */
  async untilNext(last: Pick<Look, "observation" | "nextInMs">, signal: AbortSignal): Promise<void> {
    const took = this.#clock.now().mono - last.observation.at.mono;
    await this.#sleep(Math.max(SHORTEST_MS, took * REST_OF_LOOK), signal);
    if (!this.#requested) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await this.#sleep(this.#pauseAfter(last), AbortSignal.any([signal, woken.signal]));
      this.#wake = undefined;
    }
    this.#requested = false;
  }

  #pauseAfter({ observation, nextInMs }: Pick<Look, "observation" | "nextInMs">): number {
    const interval = this.#intervalMs();
    if (observation.complete) {
      this.#unansweredMs = UNANSWERED_MS;
      return Math.min(interval, nextInMs ?? interval);
    }
    const pause = Math.max(this.#unansweredMs, nextInMs ?? 0);
    this.#unansweredMs = Math.min(interval, this.#unansweredMs * 1.5);
    return Math.min(interval, pause);
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(ms, signal).catch(() => undefined);
  }
}
