import type { Clock } from "../system/clock.ts";

export interface QueueParts<Observation> {
  readonly clock: Clock;
  /** Decides what it is given, in order. */
  readonly take: (observations: readonly Observation[]) => void;
  /** Too many are waiting; called once until all of them are decided. */
  readonly onFlood: (error: Error) => void;
}

/**
 * Work without a pause, ms: what comes in faster than it is decided waits, and health, watchdog and delivery have their turn
 * in between.
 */
const LONGEST_STRETCH_MS = 50;
/** Waiting observations that one transaction takes together, since each transaction waits for the disk. */
const BATCH = 100;
/** Waiting observations, some 30 MB. */
const MOST_WAITING = 50_000;

/** Observations that wait to be decided: behind another, or because the program has worked for long without a pause. */
export class ObservationQueue<Observation> {
  readonly #parts: QueueParts<Observation>;
  readonly #waiting: Observation[] = [];
  #draining = false;
  /** When the stretch of work that goes on began, mono ms; undefined: the rest of the program has had its turn since. */
  #stretchSince: number | undefined;
  #resuming: Promise<void> | undefined;
  #flooded = false;

  constructor(parts: QueueParts<Observation>) {
    this.#parts = parts;
  }

  /** Resolves when the pause is over after which more is decided; undefined if nothing waits for that. */
  get resuming(): Promise<void> | undefined {
    return this.#resuming;
  }

  /** Returns when it has been taken, or waits. */
  add(observation: Observation): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#refuse();
      return;
    }
    this.#waiting.push(observation);
    if (!this.#draining && this.#resuming === undefined) this.#drain();
  }

  /** Decides what waits, and goes on after a pause if that takes long. */
  #drain(): void {
    const { clock, take } = this.#parts;
    this.#draining = true;
    try {
      this.#beginStretch();
      while (this.#waiting.length > 0) {
        if (clock.now().mono - (this.#stretchSince ?? 0) > LONGEST_STRETCH_MS) {
          this.#resuming = afterPause().then(() => {
            this.#resuming = undefined;
            this.#stretchSince = undefined;
            this.#drain();
          });
          return;
        }
        take(this.#waiting.splice(0, BATCH));
      }
      this.#flooded = false;
    } finally {
      this.#draining = false;
    }
  }

  #beginStretch(): void {
    if (this.#stretchSince !== undefined) return;
    this.#stretchSince = this.#parts.clock.now().mono;
    void afterPause().then(() => {
      if (this.#resuming === undefined) this.#stretchSince = undefined;
    });
  }

  #refuse(): void {
    if (this.#flooded) return;
    this.#flooded = true;
    this.#parts.onFlood(
      new Error(`${MOST_WAITING} observations are waiting to be processed: they arrive faster than they are processed`),
    );
  }
}

/** Once everything else that is ready in the program has had its turn, I/O included. */
function afterPause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
