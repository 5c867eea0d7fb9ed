/** How many durations fell into which range, as a Prometheus histogram counts them. */
export interface HistogramCounts {
  readonly count: number;
  /** Of all durations, s. */
  readonly sumSeconds: number;
  /** Upper bound (s, inclusive) and how many durations are not above it; the count of all is that of `+Inf`. */
  readonly buckets: readonly (readonly [bound: number, count: number])[];
}

/** s. A decision takes milliseconds, a delivery tens of them; what waits for an API that is down takes up to a day. */
const BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 3600, 86_400] as const;

/** Counts durations in fixed ranges: its memory does not grow with them. */
export class Histogram {
  readonly #atMost: number[] = BOUNDS.map(() => 0);
  #count = 0;
  #sumSeconds = 0;

  /** Counts one duration, ms; a negative one, after a reboot or a correction of the clock, as 0. */
  record(ms: number): void {
    const seconds = Math.max(0, ms) / 1000;
    this.#count += 1;
    this.#sumSeconds += seconds;
    for (const [index, bound] of BOUNDS.entries()) {
      if (seconds <= bound) this.#atMost[index] = (this.#atMost[index] ?? 0) + 1;
    }
  }

  /** The counts so far. */
  get counts(): HistogramCounts {
    const buckets = BOUNDS.map((bound, index) => [bound, this.#atMost[index] ?? 0] as const);
    return { count: this.#count, sumSeconds: this.#sumSeconds, buckets };
  }
}
