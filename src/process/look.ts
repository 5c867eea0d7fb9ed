import type { ProcessEntry } from "../config/process-entry.ts";
import { isDead, type ProcessIdentity, type ProcessStat, type ProcTable } from "../system/proc-table.ts";
import { baseName, parseCommandLine } from "./command-line.ts";
import { type Matcher, matchCommandLine, matcherOf } from "./match.ts";
import type { Sighting } from "./observation.ts";
import { byPidfile } from "./pidfile.ts";
import { keyed } from "./state.ts";

/** An entry with its matcher made. */
export interface Sought {
  readonly key: string;
  readonly entry: ProcessEntry;
  readonly matcher: Matcher;
}

/** @throws MatchExpressionError */
export function soughtOf(entries: readonly ProcessEntry[]): readonly Sought[] {
  return keyed(entries).map(({ key, entry }) => ({ key, entry, matcher: matcherOf(entry) }));
}

export interface Surroundings {
  readonly table: ProcTable;
  /** This process. */
  readonly self: number;
  /** The commands that run for us now: they and what they have started so far are not the service. */
  readonly commands: ReadonlySet<number>;
  /** The process watched for an entry. */
  readonly watched: ReadonlyMap<string, ProcessIdentity>;
}

/** Matches of one entry that are kept to choose from: the chosen one must be alive and not ours, and nearly always the first is. */
type Found = { whole: number[]; partial: { pid: number; program: string }[] };

/**
 * One look at all entries. An entry is up as long as one of its processes lives, and its watched process is one: while that one
 * still lives and still shows the name, nothing else in the table can change the answer, so only its own files are read. The whole
 * table is read only when some entry has no such process, and what appears can matter only to those. So at rest a look costs two
 * small reads per entry, however many processes the host has, and misses nothing.
 * @throws ProcTableError
 */
export function look(sought: readonly Sought[], around: Surroundings): readonly Sighting[] {
  const sightings = new Map<string, Sighting>();
  for (const one of sought) {
    const { key, entry } = one;
    const known =
      entry.pidfile === undefined
        ? stillThere(one, around)
        : byPidfile(key, entry, entry.pidfile, { ...around, before: around.watched.get(key) });
    if (known) sightings.set(one.key, known);
  }
  const missing = sought.filter((one) => !sightings.has(one.key));
  if (missing.length > 0) for (const sighting of scan(missing, around)) sightings.set(sighting.key, sighting);
  return sought.map((one) => sightings.get(one.key) ?? { key: one.key });
}

function stillThere(one: Sought, { table, watched }: Surroundings): Sighting | undefined {
  const process = watched.get(one.key);
  if (!process) return undefined;
  const raw = table.commandLine(process.pid);
  if (raw === undefined || matchCommandLine(one.matcher, raw) !== "whole") return undefined;
  const stat = table.stat(process.pid);
  const same = stat && stat.startTime === process.startTime && !isDead(stat);
  return same ? { key: one.key, whole: process } : undefined;
}

function scan(sought: readonly Sought[], around: Surroundings): readonly Sighting[] {
  const found = sought.map((): Found => ({ whole: [], partial: [] }));
  for (const pid of around.table.pids()) {
    const raw = around.table.commandLine(pid);
    // Zombies and kernel threads have none.
    if (!raw) continue;
    let lines: ReturnType<typeof parseCommandLine> | undefined;
    const parsed = () => {
      lines ??= parseCommandLine(raw);
      return lines;
    };
    sought.forEach((one, index) => {
      const kind = one.matcher(raw, parsed);
      if (kind === "whole") found[index]?.whole.push(pid);
      if (kind === "partial") found[index]?.partial.push({ pid, program: baseName(parsed()[0]?.words[0] ?? "") });
    });
  }
  const lineage = new Lineage(around);
  return sought.map(({ key }, index) => {
    const { whole, partial } = found[index] ?? { whole: [], partial: [] };
    const process = oldest(whole, lineage);
    if (process) return { key, whole: process };
    const ancestors = partial.length > 0 ? lineage.ancestors() : new Set<number>();
    const candidate = partial.filter(({ pid }) => !ancestors.has(pid)).map(({ pid }) => pid);
    const other = oldest(candidate, lineage);
    if (!other) return { key };
    return { key, partial: { ...other, program: partial.find(({ pid }) => pid === other.pid)?.program ?? "" } };
  });
}

/** Among several the oldest is watched: workers come and go, and the first started is mostly their parent. */
function oldest(pids: readonly number[], lineage: Lineage): ProcessIdentity | undefined {
  const alive = pids
    .map((pid) => lineage.stat(pid))
    .filter((stat) => stat !== undefined && !isDead(stat)) as ProcessStat[];
  alive.sort((one, other) => one.startTime - other.startTime || one.pid - other.pid);
  const first = alive.find((stat) => !lineage.isOurs(stat.pid));
  return first && { pid: first.pid, startTime: first.startTime };
}

/** Who is whose child, read only where it is asked, each process once per look. */
class Lineage {
  readonly #around: Surroundings;
  readonly #stats = new Map<number, ProcessStat | undefined>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  stat(pid: number): ProcessStat | undefined {
    if (!this.#stats.has(pid)) this.#stats.set(pid, this.#around.table.stat(pid));
    return this.#stats.get(pid);
  }

  /**
   * This process, or below a command that runs for us. What a command has left behind is no longer below it; and where we are
   * process 1 of a container it is our child then, which is why being our child does not count.
   */
  isOurs(pid: number): boolean {
    const { self, commands } = this.#around;
    if (pid === self) return true;
    return this.#line(pid).some((one) => commands.has(one) || (one === self && self !== 1));
  }

  ancestors(): Set<number> {
    return new Set(this.#line(this.#around.self));
  }

  /** The process and those above it. */
  #line(pid: number): readonly number[] {
    const line: number[] = [];
    for (let next = pid; next > 0 && !line.includes(next); next = this.stat(next)?.parent ?? 0) line.push(next);
    return line;
  }
}
