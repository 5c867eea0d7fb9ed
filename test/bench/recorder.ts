import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleWorker } from "./bundle.ts";
import { runWorker } from "./decide/run-worker.ts";
import { scenarios } from "./decide/scenarios.ts";
import type { Cost } from "./decide/worker.ts";
import { type Row, type Section, spread } from "./report.ts";

const SUBJECTS = 1000;
/** Of each kind, one after the other, so that both have the same share of what else the machine does. */
const RUNS = 5;

/** What the flight recorder costs: the scenarios of `decide`, with it and without. A minute of pings of 1,000 guests is one of them. */
export async function recorder(): Promise<Section> {
  const directory = mkdtempSync(join(tmpdir(), "masakari-bench-"));
  try {
    const worker = join(directory, "worker.mjs");
    await bundleWorker("test/bench/decide/worker.ts", worker);
    return { rows: Object.keys(scenarios).flatMap((name) => rowsOf(name, worker, directory)), targets: [] };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function rowsOf(name: string, worker: string, directory: string): readonly Row[] {
  const [without, recorded]: [Cost[], Cost[]] = [[], []];
  for (let run = 0; run < RUNS; run++) {
    without.push(runWorker(worker, name, { size: SUBJECTS, directory }));
    recorded.push(runWorker(worker, name, { size: SUBJECTS, directory, isRecorded: true }));
  }
  const row = (what: string, unit: string, of: (cost: Cost) => number): Row => ({
    what: `${name}, ${SUBJECTS.toLocaleString("en")} subjects: ${what}, without / with the recorder`,
    python: "–",
    ours: `${rangeOf(without.map(of))} / ${rangeOf(recorded.map(of))} ${unit}`,
    ratio: "–",
  });
  return [
    row("CPU per observation", "µs", ({ cpuSeconds, observations }) => (cpuSeconds * 1e6) / observations),
    row("recorded per observation", "bytes", ({ bytesRecorded, observations }) => bytesRecorded / observations),
    row("resident memory at the end", "MB", ({ rss }) => rss / 1e6),
  ];
}

/** `median (min–max)` */
function rangeOf(values: readonly number[]): string {
  const { min, median, max } = spread(values);
  const digits = max < 10 ? 1 : 0;
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
