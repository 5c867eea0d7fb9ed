import type { ConditionKind, Conditions } from "../status/conditions.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import type { ExitWatch } from "../system/pidfd.ts";
import { isDead, type ProcessIdentity, type ProcTable, ProcTableError } from "../system/proc-table.ts";
import { look, type Watched } from "./look.ts";
import type { ProcessObservation } from "./observation.ts";
import type { Pause } from "./pauses.ts";
import type { Sought } from "./sought.ts";

const PROCESS_TABLE: ConditionKind = { name: "process table", consequence: "no process can be checked" };
const EXPRESSIONS: ConditionKind = {
  name: "process expressions",
  consequence: "entries whose processes cannot be recognised are neither restarted nor notified",
};

export type Observe = (observation: ProcessObservation) => void;

/** What sensing and acting share: the entries that are looked for, the processes that are watched, the commands that run. */
export interface Eyes {
  sought: readonly Sought[];
  /** The process watched for each entry. */
  readonly watched: Map<string, Watched>;
  /** Commands that run for us now, by pid. */
  readonly commands: Set<number>;
  /** Undefined while sensing does not run. */
  exits: ExitWatch | undefined;
  /** The look that has been asked for and not been made. */
  lookPending: boolean;
  /** The pauses that were observed last. */
  pauses: readonly Pause[];
  /** The table could not be read at the last look. */
  blind: boolean;
  /** The entries whose expressions took too long at the last look. */
  undecided: readonly string[];
}

export interface EyesParts {
  readonly table: ProcTable;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where to say whether the process table can be read. */
  readonly conditions?: Conditions | undefined;
  /** This process's pid. */
  readonly self: number;
  /** The planned work of this moment; it may throw. None if absent. */
  readonly pauses?: (() => readonly Pause[]) | undefined;
}

export function closedEyes(): Eyes {
  return {
    sought: [],
    watched: new Map(),
    commands: new Set(),
    exits: undefined,
    lookPending: false,
    pauses: [],
    blind: false,
    undecided: [],
  };
}

/** Looks at the process table now. A table that cannot be read is no observation: nobody is dead because we cannot see. */
export function lookNow(eyes: Eyes, parts: EyesParts, observe: Observe): void {
  observePauses(eyes, parts, observe);
  const at = parts.clock.now();
  let sightings: ReturnType<typeof look>;
  try {
    sightings = look(eyes.sought, { ...parts, commands: eyes.commands, watched: eyes.watched });
  } catch (error) {
    if (!(error instanceof ProcTableError)) throw error;
    if (!eyes.blind) parts.log.error(`${error.message}; processes cannot be checked until this is mended`);
    eyes.blind = true;
    parts.conditions?.set(PROCESS_TABLE, error.message);
    return;
  }
  if (eyes.blind) parts.log.info("the process table can be read again");
  eyes.blind = false;
  parts.conditions?.set(PROCESS_TABLE, undefined);
  showUndecided(eyes, parts, sightings);
  for (const { key, whole } of sightings) if (whole) recogniseWatched(eyes, parts, key, whole, at.mono);
  observe({ kind: "seen", at, sightings });
  watchAgain(eyes, parts, observe);
}

function showUndecided(eyes: Eyes, { log, conditions }: EyesParts, sightings: ReturnType<typeof look>): void {
  const before = eyes.undecided;
  eyes.undecided = sightings.filter(({ undecided }) => undecided).map(({ key }) => key);
  const why = "its expression (match: regex) takes too long over some process's command line";
  for (const key of eyes.undecided.filter((one) => !before.includes(one))) {
    const then = "whether it runs is unknown; set its user, or write it without lookaround and references to groups";
    log.error(`${key}: ${why}; ${then}`);
  }
  for (const key of before.filter((one) => !eyes.undecided.includes(one))) log.info(`${key} can be recognised again`);
  conditions?.set(EXPRESSIONS, eyes.undecided.length > 0 ? `${eyes.undecided.join(", ")}: ${why}` : undefined);
}

/** Tries again what could not be watched, for want of descriptors mostly; for all others that is nothing. */
function watchAgain(eyes: Eyes, { clock }: EyesParts, observe: Observe): void {
  for (const { pid, startTime } of [...eyes.watched.values()]) {
    const process = { pid, startTime };
    if (eyes.exits?.watch(process) === "gone") observe({ kind: "exited", at: clock.now(), process });
  }
}

/** Before each look, so that a pause counts from the moment at which its file is there. */
function observePauses(eyes: Eyes, parts: EyesParts, observe: Observe): void {
  const pauses = pausesNow(eyes, parts);
  const same =
    pauses.length === eyes.pauses.length &&
    pauses.every((one, index) => {
      const before = eyes.pauses[index];
      // The wall clock moves against the monotonic one.
      return before?.key === one.key && before.reason === one.reason && Math.abs(before.until - one.until) < 1000;
    });
  if (same) return;
  eyes.pauses = pauses;
  observe({ kind: "pausesChanged", at: parts.clock.now(), pauses });
}

/** Those known so far while they cannot be read. */
export function pausesNow(eyes: Eyes, { pauses, log }: EyesParts): readonly Pause[] {
  try {
    return pauses?.() ?? [];
  } catch (error) {
    log.debug(`pauses cannot be read: ${String(error)}`);
    return eyes.pauses;
  }
}

/** Looks as soon as what is being decided has been: deaths that come together need one look. */
export function lookSoon(eyes: Eyes, parts: EyesParts, observe: Observe): void {
  if (eyes.lookPending) return;
  eyes.lookPending = true;
  setImmediate(() => {
    eyes.lookPending = false;
    lookNow(eyes, parts, observe);
  });
}

/** The watched process has shown itself as the whole program: what it executes now is what it is. */
function recogniseWatched(eyes: Eyes, { table }: EyesParts, key: string, whole: ProcessIdentity, seenAt: number): void {
  const watched = eyes.watched.get(key);
  if (watched?.pid !== whole.pid || watched.startTime !== whole.startTime) return;
  const executable = table.executable(whole.pid) ?? watched.executable;
  eyes.watched.set(key, { ...watched, whole: true, executable, seenAt });
}

/**
 * Watches `process` for the entry in place of the one watched so far; `whole` as in the effect `watch`.
 * @returns false if it has ended already
 */
export function watchFor(
  eyes: Eyes,
  { table, clock }: EyesParts,
  { key, process, whole }: { readonly key: string; readonly process: ProcessIdentity; readonly whole: boolean },
): boolean {
  stopWatchingFor(eyes, key);
  const seenAt = lives(process, table) ? clock.now().mono : Number.NEGATIVE_INFINITY;
  eyes.watched.set(key, { ...process, whole, executable: table.executable(process.pid), seenAt });
  return eyes.exits?.watch(process) !== "gone";
}

/** False also if that cannot be read now. */
function lives({ pid, startTime }: ProcessIdentity, table: ProcTable): boolean {
  try {
    const stat = table.stat(pid);
    return stat !== undefined && stat.startTime === startTime && !isDead(stat);
  } catch {
    return false;
  }
}

export function stopWatchingFor(eyes: Eyes, key: string): void {
  const before = eyes.watched.get(key);
  eyes.watched.delete(key);
  // Two entries may be the same process.
  if (before && ![...eyes.watched.values()].some((one) => one.pid === before.pid)) eyes.exits?.unwatch(before);
}
