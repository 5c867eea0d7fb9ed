import type { Clock } from "../system/clock.ts";
import type { ExitWatch } from "../system/pidfd.ts";
import { type Executable, isDead, type ProcessIdentity, type ProcTable } from "../system/proc-table.ts";

/** The process watched for an entry. */
export interface Watched extends ProcessIdentity {
  /** It was recognised as the entry's program: as long as it lives it is that, whatever it shows as its command line. */
  readonly whole: boolean;
  /** What it executed when it was recognised; undefined if that may not be read. */
  readonly executable: Executable | undefined;
  /** When it was last seen to live, ms since boot; -Infinity if only an earlier run of the monitor saw it. */
  readonly seenAt: number;
}

/** Which process is watched for each entry, and whose exits are awaited. Two entries may be the same process. */
export class WatchedProcesses {
  readonly #table: ProcTable;
  readonly #clock: Pick<Clock, "now">;
  readonly #byKey = new Map<string, Watched>();
  readonly #keysByPid = new Map<number, Set<string>>();
  #exits: ExitWatch | undefined;

  constructor(table: ProcTable, clock: Pick<Clock, "now">) {
    this.#table = table;
    this.#clock = clock;
  }

  get byKey(): ReadonlyMap<string, Watched> {
    return this.#byKey;
  }

  /** The entries that this process is watched for. */
  keysOf({ pid, startTime }: ProcessIdentity): readonly string[] {
    return [...(this.#keysByPid.get(pid) ?? [])].filter((key) => this.#byKey.get(key)?.startTime === startTime);
  }

  /** Watches nothing, and from now on by `exits`; without it no exits are noticed. */
  restart(exits: ExitWatch | undefined): void {
    this.#byKey.clear();
    this.#keysByPid.clear();
    this.#exits = exits;
  }

  /**
   * Watches `process` for the entry in place of the one watched so far; `whole` as in `Watched`.
   * @returns false if it has ended already
   */
  watch(key: string, process: ProcessIdentity, whole: boolean): boolean {
    this.unwatch(key);
    const { pid, startTime } = process;
    const seenAt = this.#isAlive(process) ? this.#clock.now().mono : Number.NEGATIVE_INFINITY;
    this.#byKey.set(key, { pid, startTime, whole, executable: this.#table.executable(pid), seenAt });
    const keys = this.#keysByPid.get(pid) ?? new Set();
    this.#keysByPid.set(pid, keys.add(key));
    return this.#exits?.watch({ pid, startTime }) !== "gone";
  }

  unwatch(key: string): void {
    const before = this.#byKey.get(key);
    if (before === undefined) return;
    this.#byKey.delete(key);
    const keys = this.#keysByPid.get(before.pid);
    keys?.delete(key);
    if (keys !== undefined && keys.size > 0) return;
    this.#keysByPid.delete(before.pid);
    this.#exits?.unwatch(before);
  }

  /** The process was found to be the whole program, if it is the one watched: what it executes now is what it is. */
  confirm(key: string, { pid, startTime }: ProcessIdentity, seenAt: number): void {
    const watched = this.#byKey.get(key);
    if (watched?.pid !== pid || watched.startTime !== startTime) return;
    const executable = this.#table.executable(pid) ?? watched.executable;
    this.#byKey.set(key, { ...watched, whole: true, executable, seenAt });
  }

  /**
   * Tries again to await the exit of the entry's process where that failed, for want of descriptors mostly; else it does nothing.
   * @returns the process if it has ended
   */
  retry(key: string): ProcessIdentity | undefined {
    const watched = this.#byKey.get(key);
    if (watched === undefined) return undefined;
    const process = { pid: watched.pid, startTime: watched.startTime };
    return this.#exits?.watch(process) === "gone" ? process : undefined;
  }

  /** False also if that cannot be read now. */
  #isAlive({ pid, startTime }: ProcessIdentity): boolean {
    try {
      const stat = this.#table.stat(pid);
      return stat !== undefined && stat.startTime === startTime && !isDead(stat);
    } catch {
      return false;
    }
  }
}
