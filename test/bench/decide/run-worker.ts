import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { SHIPPED_FLAGS } from "../bundle.ts";
import type { Cost } from "./worker.ts";

/**
 * The cost of one scenario in a process of its own, under the shipped flags.
 * @param worker the bundle of `worker.ts` @param directory where its state is while it runs
 */
export function runWorker(
  worker: string,
  name: string,
  { size, directory, isRecorded = false }: { size: number; directory: string; isRecorded?: boolean },
): Cost {
  const state = join(directory, "state");
  const flags = ["--disable-warning=ExperimentalWarning", ...SHIPPED_FLAGS];
  const words = [...flags, worker, name, String(size), state, ...(isRecorded ? ["recorded"] : [])];
  const output = execFileSync(process.execPath, words, { encoding: "utf8" });
  rmSync(state, { recursive: true, force: true });
  return JSON.parse(output) as Cost;
}
