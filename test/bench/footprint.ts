import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** Memory of a program with all its processes. */
export interface Memory {
  readonly rssKiB: number;
  readonly pssKiB: number;
  readonly processes: number;
}

/**
 * The process, its descendants, and every process that has `mark` in its command line: oslo.privsep's helper detaches
 * itself from its parent, but still names the configuration file.
 */
export function processesOf(pid: number, mark: string): number[] {
  const parents = new Map<number, number>();
  const found = new Set([pid]);
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = fieldsOfStat(Number(name));
      parents.set(Number(name), Number(stat[1]));
      if (readFileSync(`/proc/${name}/cmdline`, "utf8").includes(mark)) found.add(Number(name));
    } catch {
      // It ended while we looked.
    }
  }
  for (let grown = true; grown; ) {
    grown = false;
    for (const [child, parent] of parents) {
      if (found.has(parent) && !found.has(child)) {
        found.add(child);
        grown = true;
      }
    }
  }
  return [...found];
}

export function memoryOf(pids: readonly number[]): Memory {
  let rssKiB = 0;
  let pssKiB = 0;
  for (const pid of pids) {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    rssKiB += Number(/^Rss:\s+(\d+) kB/m.exec(rollup)?.[1]);
    pssKiB += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]);
  }
  return { rssKiB, pssKiB, processes: pids.length };
}

/** From here on `peakRssKiB` is of what happens next (proc(5), clear_refs). */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** The most memory that one process has had resident since it began, or since `forgetPeak`. */
export function peakRssKiB(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** As a person reads it: `64.7 MB`. */
export function megabytes(kib: number): string {
  return `${((kib * 1024) / 1e6).toFixed(1)} MB`;
}

/** CPU seconds used so far by these processes and by their children that ended (100 ticks a second on Linux). */
export function cpuSecondsOf(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    // utime, stime, cutime, cstime: fields 14-17 of proc(5).
    for (const field of fieldsOfStat(pid).slice(11, 15)) ticks += Number(field);
  }
  return ticks / 100;
}

/** The fields of /proc/PID/stat from the state (field 3) on: what stands before it may contain blanks. */
function fieldsOfStat(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}
