import type { Clock } from "../../system/clock.ts";
import { LookTimer } from "../look-timer.ts";
import type { Look } from "./look.ts";

/** The first pause, ms, while the API server does not answer; each further one is half as long again, up to the interval. */
const RETRY_MS = 1000;

/** When to look next: at once after an event, when something is due, soon while the API server does not answer, else at the interval. */
export class NodeLookSchedule {
  readonly #timer: LookTimer;
  readonly #intervalMs: () => number;
  #retryMs = RETRY_MS;

  constructor(clock: Clock, intervalMs: () => number) {
    this.#timer = new LookTimer(clock);
    this.#intervalMs = intervalMs;
  }

  lookNow(): void {
    this.#timer.lookNow();
  }

  /** Resolves when the next look is due, or the signal aborts. */
  async untilNext(last: Pick<Look, "observation" | "nextInMs">, signal: AbortSignal): Promise<void> {
    await this.#timer.untilNext(last.observation.at.mono, () => this.#pauseAfter(last), signal);
  }

  #pauseAfter({ observation, nextInMs }: Pick<Look, "observation" | "nextInMs">): number {
    const interval = this.#intervalMs();
    if (observation.complete) {
      this.#retryMs = RETRY_MS;
      return Math.min(interval, nextInMs ?? interval);
    }
    const pause = Math.max(this.#retryMs, nextInMs ?? 0);
    this.#retryMs = Math.min(interval, this.#retryMs * 1.5);
    return Math.min(interval, pause);
  }
}
