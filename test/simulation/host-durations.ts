/** Each bucket of times is 5 % wider than the one before. */
const WIDTH = Math.log(1.05);

/** Real time, and CPU time, whose resolution may be some ms: right on average. */
export interface Took {
  readonly ms: number;
  readonly cpuMs: number;
}

/** Durations in constant memory, to within 5 %. */
export class Durations {
  readonly #buckets = new Map<number, number>();
  #cpuMs = 0;
  count = 0;
  /** ms */
  longest = 0;

  add({ ms, cpuMs }: Took): void {
    this.#cpuMs += cpuMs;
    const bucket = Math.round(Math.log(Math.max(ms, 1e-6)) / WIDTH);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.count += 1;
    this.longest = Math.max(this.longest, ms);
  }

  addAll(others: Durations): void {
    for (const [bucket, count] of others.#buckets) this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count);
    this.count += others.count;
    this.#cpuMs += others.#cpuMs;
    this.longest = Math.max(this.longest, others.longest);
  }

  /** @param part 0 to 1. @returns ms; so large a part of the durations is not longer */
  quantile(part: number): number {
    let left = part * this.count;
    for (const [bucket, count] of [...this.#buckets].sort(([one], [other]) => one - other)) {
      left -= count;
      if (left <= 0) return Math.exp(bucket * WIDTH);
    }
    return 0;
  }

  get text(): string {
    const [median, most] = [this.quantile(0.5), this.quantile(0.99)];
    const cpu = this.count === 0 ? 0 : this.#cpuMs / this.count;
    return `${shown(cpu)} of CPU on average; ${shown(median)} median, ${shown(most)} at 99 %, ${shown(this.longest)} longest (${this.count} decisions)`;
  }
}

/** Without an exponent. */
const rounded = (value: number, digits: number): string => String(Number(value.toPrecision(digits)));
const shown = (ms: number): string => (ms < 1 ? `${rounded(ms * 1000, 2)} µs` : `${rounded(ms, 3)} ms`);

/** What `decide` took: for one look at the whole cluster, and for everything else. */
export interface DecisionTimes {
  readonly looks: Durations;
  readonly others: Durations;
}

export function decisionText({ looks, others }: DecisionTimes): string {
  return `time per decision on a look:  ${looks.text}\ntime per other decision:      ${others.text}`;
}
