export interface BackoffLimits {
  /** The pause after the first failure, ms. */
  readonly firstMs: number;
  /** The most that it grows to while no connection comes about, ms. */
  readonly maxMs: number;
  /** The most that it grows to while connections come about and do not last, ms. */
  readonly maxAfterConnectionMs: number;
}

/** libvirtd's own restart takes a second or two, and a try costs a local daemon nothing. */
const defaults: BackoffLimits = { firstMs: 250, maxMs: 5000, maxAfterConnectionMs: 1000 };
/** A connection that lasted so long, ms, was a good one: the next loss has nothing to do with the one before. */
const GOOD_CONNECTION_MS = 10_000;

/**
 * How long to wait before the next try. The pause doubles with each failure. A libvirtd that comes and goes is tried again
 * within a second each time, since each connection shows what has happened; one that is not there, less and less often.
 */
export class Backoff {
  readonly #limits: BackoffLimits;
  #nextMs: number;

  constructor(limits: BackoffLimits = defaults) {
    this.#limits = limits;
    this.#nextMs = limits.firstMs;
  }

  /** @param lastedMs how long the connection was usable; undefined: none came about @returns the pause, ms */
  next(lastedMs: number | undefined): number {
    const { firstMs, maxMs, maxAfterConnectionMs } = this.#limits;
    if (lastedMs !== undefined) {
      this.#nextMs = lastedMs > GOOD_CONNECTION_MS ? firstMs : Math.min(this.#nextMs, maxAfterConnectionMs);
    }
    const delayMs = this.#nextMs;
    this.#nextMs = Math.min(maxMs, delayMs * 2);
    return delayMs;
  }
}
