import type { Observe } from "../monitor/contract.ts";
import type { ConditionKind, Conditions } from "../status/conditions.ts";
import type { Clock } from "../system/clock.ts";
import { defectLine } from "../system/guard.ts";
import type { Logger } from "../system/log.ts";
import { type ProcTable, ProcTableError } from "../system/proc-table.ts";
import type { CompiledEntry } from "./compiled-entry.ts";
import { look } from "./look.ts";
import type { ProcessObservation, Sighting } from "./observation.ts";
import type { Pause } from "./pauses.ts";
import type { WatchedProcesses } from "./watched-processes.ts";

const PROCESS_TABLE: ConditionKind = {
  name: "process table",
  consequence: "no process can be checked",
  effect: "blind",
};
const EXPRESSIONS: ConditionKind = {
  name: "process expressions",
  consequence: "entries whose processes cannot be recognised are neither restarted nor reported",
};
const TOO_LONG = "its expression (match: regex) takes too long on some process's command line";

export interface LooksParts {
  readonly table: ProcTable;
  readonly clock: Pick<Clock, "now">;
  readonly log: Logger;
  /** Where to show whether the process table can be read. */
  readonly conditions?: Conditions | undefined;
  /** This process's pid. */
  readonly self: number;
  /** Commands that run for us now, by pid. */
  readonly commands: ReadonlySet<number>;
  readonly watched: WatchedProcesses;
  /** The planned work of this moment; it may throw. None if absent. */
  readonly pauses?: (() => readonly Pause[]) | undefined;
}

/** Looks for the processes of the entries, and observes what it finds. */
export class Looks {
  readonly #parts: LooksParts;
  readonly #entries = new Map<string, CompiledEntry>();
  /** The keys of the look that has been asked for and not been made. */
  #pending: Set<string> | "all" | undefined;
  /** As they were observed last. */
  #pauses: readonly Pause[] = [];
  #canRead = true;
  /** The keys of entries whose expressions took too long at the last look. */
  readonly #undecided = new Set<string>();

  constructor(parts: LooksParts) {
    this.#parts = parts;
  }

  /** The last look could read the process table. */
  get canRead(): boolean {
    return this.#canRead;
  }

  /** Looks for these from now on. */
  use(entries: readonly CompiledEntry[]): void {
    this.#entries.clear();
    for (const entry of entries) this.#entries.set(entry.key, entry);
    for (const key of this.#undecided) if (!this.#entries.has(key)) this.#undecided.delete(key);
  }

  /** The pauses of this moment, which count as observed. */
  takePauses(): readonly Pause[] {
    this.#pauses = this.#readPauses();
    return this.#pauses;
  }

  /** Looks soon for the entry of this key (absent: all), once what is being decided has been: deaths that come together need one look. */
  request(key: string | undefined, observe: Observe<ProcessObservation>): void {
    const isDue = this.#pending !== undefined;
    if (key === undefined || this.#pending === "all") this.#pending = "all";
    else this.#pending = (this.#pending ?? new Set()).add(key);
    if (isDue) return;
    setImmediate(() => {
      const keys = this.#pending;
      this.#pending = undefined;
      try {
        this.#look(keys === "all" ? undefined : keys, observe);
      } catch (error) {
        // The look at the next check_interval is the supervisor's; here nobody would catch it.
        this.#parts.log.error(defectLine("a look at the process table", error));
      }
    });
  }

  /** Looks for all entries now. */
  lookAtAll(observe: Observe<ProcessObservation>): void {
    this.#look(undefined, observe);
  }

  /** A table that cannot be read is no observation: it does not mean that a process has ended. */
  #look(keys: ReadonlySet<string> | undefined, observe: Observe<ProcessObservation>): void {
    const { table, clock, self, commands, watched, log, conditions } = this.#parts;
    // What a pause has postponed is considered again at the look after its end.
    const wanted = this.#observePauses(observe) ? undefined : keys;
    const entries = wanted ? [...wanted].flatMap((key) => this.#entries.get(key) ?? []) : [...this.#entries.values()];
    const at = clock.now();
    let sightings: readonly Sighting[];
    try {
      sightings = look(entries, { table, self, commands, watched: watched.byKey });
    } catch (error) {
      if (!(error instanceof ProcTableError)) throw error;
      if (this.#canRead) log.error(`${error.message}; processes cannot be checked until this is fixed`);
      this.#canRead = false;
      conditions?.set(PROCESS_TABLE, error.message);
      return;
    }
    if (!this.#canRead) log.info("the process table can be read again");
    this.#canRead = true;
    conditions?.set(PROCESS_TABLE, undefined);
    this.#showUndecided(sightings);
    for (const { key, whole } of sightings) if (whole) watched.confirm(key, whole, at.mono);
    observe({ kind: "seen", at, sightings });
    for (const { key } of entries) {
      const process = watched.retry(key);
      if (process) observe({ kind: "exited", at: clock.now(), process, keys: [key] });
    }
  }

  #showUndecided(sightings: readonly Sighting[]): void {
    const { log, conditions } = this.#parts;
    for (const { key, undecided } of sightings) {
      if (undecided && !this.#undecided.has(key)) {
        const then =
          "it is not known whether it runs; set its user, or rewrite the expression without lookaround and references to groups";
        log.error(`${key}: ${TOO_LONG}; ${then}`);
        this.#undecided.add(key);
      }
      if (!undecided && this.#undecided.delete(key)) log.info(`${key} can be recognised again`);
    }
    const keys = [...this.#undecided];
    conditions?.set(EXPRESSIONS, keys.length > 0 ? `${keys.join(", ")}: ${TOO_LONG}` : undefined);
  }

  /** Before each look, so that a pause counts from the moment at which its file is there. @returns whether any has changed */
  #observePauses(observe: Observe<ProcessObservation>): boolean {
    const before = this.#pauses;
    const pauses = this.#readPauses();
    const isSame =
      pauses.length === before.length &&
      pauses.every(({ key, reason, until }, index) => {
        const one = before[index];
        // The wall clock moves against the monotonic one.
        return one?.key === key && one.reason === reason && Math.abs(one.until - until) < 1000;
      });
    if (isSame) return false;
    this.#pauses = pauses;
    observe({ kind: "pausesChanged", at: this.#parts.clock.now(), pauses });
    return true;
  }

  /** Those known so far while they cannot be read. */
  #readPauses(): readonly Pause[] {
    try {
      return this.#parts.pauses?.() ?? [];
    } catch (error) {
      this.#parts.log.debug(`pauses cannot be read: ${String(error)}`);
      return this.#pauses;
    }
  }
}
