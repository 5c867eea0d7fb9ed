/** One line of the result: the same quantity of both programs. */
export interface Row {
  readonly what: string;
  readonly python: string;
  readonly ours: string;
  /** Python's figure divided by ours, where that means something. */
  readonly ratio: string;
}

/** A figure that the project has set itself to reach. */
export interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly reached: boolean;
}

export interface Section {
  readonly rows: readonly Row[];
  readonly targets: readonly Target[];
}

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spread(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    min: at(0),
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    max: at(sorted.length - 1),
  };
}

/** Milliseconds as a person reads them: `12 ms`, `8.20 s`. */
export function duration(ms: number): string {
  return ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** `median (min–max)` */
export function durations(samples: readonly number[]): string {
  const { min, median, max } = spread(samples);
  return `**${duration(median)}** (${duration(min)} – ${duration(max)})`;
}

export function times(ratio: number): string {
  if (!Number.isFinite(ratio)) return "–";
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(1)} ×`;
}

export function markdown(sections: readonly Section[]): string {
  const rows = sections.flatMap((section) => section.rows);
  const targets = sections.flatMap((section) => section.targets);
  return [
    "| | Python 14.0.0 (Debian 12) | this project | ratio |",
    "|---|---|---|---|",
    ...rows.map((row) => `| ${row.what} | ${row.python} | ${row.ours} | ${row.ratio} |`),
    "",
    "| target | wanted | measured | |",
    "|---|---|---|---|",
    ...targets.map((t) => `| ${t.what} | ${t.wanted} | ${t.measured} | ${t.reached ? "reached" : "**not reached**"} |`),
    "",
  ].join("\n");
}
