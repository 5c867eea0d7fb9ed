import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleWorker } from "../bundle.ts";
import type { Row, Section, Target } from "../report.ts";
import { runWorker } from "./run-worker.ts";
import { scenarios } from "./scenarios.ts";
import type { Cost } from "./worker.ts";

const SIZES = [10, 200, 1000, 5000] as const;
/** Each is run so often; the cheapest run counts, since whatever else the machine does only adds to it. */
const RUNS = 3;
/**
 * What an observation about one subject costs with 10 subjects and with 5,000: `decide` in the real loop, outbox and store, on
 * disk, under the shipped flags. Nothing is sensed or sent.
 */
export async function decide(): Promise<Section> {
  const directory = mkdtempSync(join(tmpdir(), "masakari-bench-"));
  try {
    const worker = join(directory, "worker.mjs");
    await bundleWorker("test/bench/decide/worker.ts", worker);
    const rows: Row[] = [];
    const targets: Target[] = [];
    for (const name of Object.keys(scenarios)) {
      const costs = SIZES.map((size) => cheapest(worker, name, size, directory));
      rows.push(...rowsOf(name, costs));
      targets.push(...targetsOf(name, costs));
    }
    return { rows, targets };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function cheapest(worker: string, name: string, size: number, directory: string): Cost {
  const costs = Array.from({ length: RUNS }, (): Cost => runWorker(worker, name, { size, directory }));
  return costs.reduce((least, cost) => (cost.cpuSeconds < least.cpuSeconds ? cost : least));
}

const perObservation = ({ cpuSeconds, observations }: Cost): number => (cpuSeconds * 1e6) / observations;

function rowsOf(name: string, costs: readonly Cost[]): readonly Row[] {
  const at = SIZES.map((size) => size.toLocaleString("en")).join(" / ");
  const row = (what: string, figures: readonly string[]): Row => {
    return { what: `${name}: ${what}, ${at} subjects`, python: "–", ours: figures.join(" / "), ratio: "–" };
  };
  return [
    row(
      "CPU per observation",
      costs.map((cost) => `${perObservation(cost).toFixed(0)} µs`),
    ),
    row(
      "written per observation",
      costs.map(({ bytesWritten, observations }) => `${(bytesWritten / observations / 1000).toFixed(1)} kB`),
    ),
  ];
}

function targetsOf(name: string, costs: readonly Cost[]): readonly Target[] {
  const [few, , thousand, many] = costs;
  if (few === undefined || thousand === undefined || many === undefined) throw new Error("nothing was measured");
  const ratio = perObservation(many) / perObservation(few);
  const growth: Target = {
    what: `${name}: CPU per observation with 5,000 subjects, against 10`,
    wanted: "≤ 2 ×",
    measured: `${ratio.toFixed(1)} ×`,
    reached: ratio <= 2,
  };
  if (name !== "introspectiveinstancemonitor") return [growth];
  const seconds = thousand.cpuSeconds;
  return [
    growth,
    {
      what: "introspectiveinstancemonitor: CPU of decisions in a minute of 1,000 guests that answer",
      wanted: "≤ 1.0 s",
      measured: `${seconds.toFixed(2)} s`,
      reached: seconds <= 1,
    },
  ];
}
