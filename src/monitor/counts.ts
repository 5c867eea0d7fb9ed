import type { CountedFact } from "../status/facts.ts";
import { Histogram } from "../system/histogram.ts";

interface Series {
  readonly counter: string;
  readonly labels: Readonly<Record<string, string>>;
  count: number;
  readonly durations: Histogram | undefined;
}

/** Series beyond so many are not begun: the labels are names that somebody has configured. */
const MOST_SERIES = 2000;

/** What the decisions of a monitor have counted since the program was started. */
export class Counts {
  readonly #series = new Map<string, Series>();

  /** @param ms if it is a duration that is counted */
  add(counter: string, labels: Readonly<Record<string, string>>, ms?: number): void {
    const key = JSON.stringify([counter, labels]);
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= MOST_SERIES) return;
      series = { counter, labels, count: 0, durations: ms === undefined ? undefined : new Histogram() };
      this.#series.set(key, series);
    }
    series.count += 1;
    if (ms !== undefined) series.durations?.record(ms);
  }

  get all(): readonly CountedFact[] {
    return [...this.#series.values()].map(({ counter, labels, count, durations }) => {
      return { counter, labels, value: durations?.counts ?? count };
    });
  }
}
