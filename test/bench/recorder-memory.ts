import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bundleWorker, SHIPPED_ENVIRONMENT, SHIPPED_FLAGS } from "./bundle.ts";
import { megabytes } from "./footprint.ts";
import type { ResidentMemory } from "./recorder-memory-worker.ts";
import { type Section, spread } from "./report.ts";

const RUNS = 3;
const SECONDS = 120;
const LIMIT_BYTES = 3e6;
const diskThread = fileURLToPath(new URL("../../dist/disk-thread.cjs", import.meta.url));

/** What the flight recorder takes of memory in real time, 1,000 guests and 100 pings a second; a run with it and one without at once. */
export async function recorderMemory(): Promise<Section> {
  const directory = mkdtempSync(join(tmpdir(), "masakari-bench-"));
  try {
    const worker = join(directory, "worker.mjs");
    await bundleWorker("test/bench/recorder-memory-worker.ts", worker);
    const run = async (name: string, ...more: readonly string[]): Promise<ResidentMemory> => {
      const words = [...SHIPPED_FLAGS, worker, join(directory, name), diskThread, String(SECONDS), ...more];
      const env = { ...process.env, ...SHIPPED_ENVIRONMENT };
      const { stdout } = await promisify(execFile)(process.execPath, words, { env });
      return JSON.parse(stdout) as ResidentMemory;
    };
    const [without, recorded]: [ResidentMemory[], ResidentMemory[]] = [[], []];
    for (let number = 0; number < RUNS; number++) {
      const [one, other] = await Promise.all([run(`without-${number}`), run(`recorded-${number}`, "recorded")]);
      without.push(one);
      recorded.push(other);
    }
    return report(without, recorded);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function report(without: readonly ResidentMemory[], recorded: readonly ResidentMemory[]): Section {
  const median = ({ median: bytes }: ResidentMemory) => bytes;
  const peak = ({ peak: bytes }: ResidentMemory) => bytes;
  const row = (what: string, of: (memory: ResidentMemory) => number) => ({
    what: `1,000 guests, 100 pings a second, ${SECONDS} s: RSS, ${what}, without / with the recorder`,
    python: "–",
    ours: `${range(without.map(of))} / ${range(recorded.map(of))}`,
    ratio: "–",
  });
  const more = (of: (memory: ResidentMemory) => number) =>
    spread(recorded.map(of)).median - spread(without.map(of)).median;
  return {
    rows: [row("median", median), row("peak", peak)],
    targets: [
      {
        what: "the flight recorder's memory, median",
        wanted: `≤ ${megabytes(LIMIT_BYTES / 1024)}`,
        measured: megabytes(more(median) / 1024),
        reached: more(median) <= LIMIT_BYTES,
      },
    ],
  };
}

/** `median (min – max)` of bytes. */
function range(values: readonly number[]): string {
  const { min, median, max } = spread(values);
  const text = (bytes: number) => megabytes(bytes / 1024);
  return `**${text(median)}** (${text(min)} – ${text(max)})`;
}
