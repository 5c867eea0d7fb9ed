import { type Executable, isDead, type ProcessIdentity } from "../system/proc-table.ts";
import { shownCommandLine } from "./command-line.ts";
import type { LineageParts } from "./lineage.ts";
import { matchCommandLine } from "./match.ts";
import type { Sighting } from "./observation.ts";
import { byPidfile } from "./pidfile.ts";
import { scan } from "./scan.ts";
import type { Sought } from "./sought.ts";

/** The process watched for an entry. */
export interface Watched extends ProcessIdentity {
  /** It was recognised as the entry's program: as long as it lives it is that, whatever it shows as its command line. */
  readonly whole: boolean;
  /** What it executed when it was recognised; undefined if that may not be read. */
  readonly executable: Executable | undefined;
  /** When it was last seen to live, ms since boot; -Infinity if only an earlier run of the monitor saw it. */
  readonly seenAt: number;
}

export interface Surroundings extends LineageParts {
  /** By the entry's key. */
  readonly watched: ReadonlyMap<string, Watched>;
}

/** What one look at the watched process alone has found. */
type Known =
  | { readonly state: "there" | "lesser"; readonly process: ProcessIdentity }
  | { readonly state: "replaced"; readonly by: string }
  | { readonly state: "gone" };

/**
 * One look at all entries. An entry is up as long as one of its processes lives, and its watched process is one: while that one
 * lives, nothing else in the table can change the answer, so only its own files are read. The whole table is read only when some
 * entry has no such process, and what appears can matter only to those. So at rest a look costs two small reads per entry,
 * however many processes the host has, and misses nothing.
 * @throws ProcTableError
 */
export function look(sought: readonly Sought[], around: Surroundings): readonly Sighting[] {
  const sightings = new Map<string, Sighting>();
  const knowns = new Map<string, Known>();
  for (const one of sought) {
    const { key, entry } = one;
    if (entry.pidfile !== undefined) {
      sightings.set(key, byPidfile(key, entry, entry.pidfile, { ...around, before: around.watched.get(key) }));
      continue;
    }
    const known = knownOf(one, around);
    knowns.set(key, known);
    if (known.state === "there") sightings.set(key, { key, whole: known.process });
  }
  const missing = sought.filter((one) => !sightings.has(one.key));
  if (missing.length > 0) {
    // Its workers may outlive it; what has replaced it has begun since.
    const since = (key: string) => around.watched.get(key)?.seenAt ?? Number.NEGATIVE_INFINITY;
    for (const found of scan(missing, around, since))
      sightings.set(found.key, withKnown(found, knowns.get(found.key), around));
  }
  return sought.map((one) => sightings.get(one.key) ?? { key: one.key });
}

/**
 * A process that has been recognised stays the entry's while it lives: a program may rewrite its command line at any time
 * (setproctitle), and some do at random. Only another program in its place, by exec, ends that.
 */
function knownOf(one: Sought, { table, watched }: Surroundings): Known {
  const process = watched.get(one.key);
  const stat = process && table.stat(process.pid);
  if (!process || !stat || stat.startTime !== process.startTime || isDead(stat)) return { state: "gone" };
  const identity = { pid: process.pid, startTime: process.startTime };
  const raw = table.commandLine(process.pid) ?? "";
  const kind = matchCommandLine(one.matcher, raw);
  if (kind === "whole" || kind === "undecided") return { state: "there", process: identity };
  // While a process executes another program there is a moment without a command line.
  if (kind === undefined && raw !== "" && runsAnother(process.executable, table.executable(process.pid))) {
    return { state: "replaced", by: shownCommandLine(raw) };
  }
  return { state: process.whole ? "there" : "lesser", process: identity };
}

function runsAnother(before: Executable | undefined, now: Executable | undefined): boolean {
  if (!before || !now) return false;
  // An upgrade and a new exec change the file and keep the path; a rename changes the path and keeps the file.
  return before.file !== now.file && before.path !== now.path;
}

/** A process that only ever contained the name yields to the program itself, and to nothing else while it lives. */
function withKnown(found: Sighting, known: Known | undefined, { table }: Surroundings): Sighting {
  if (known?.state === "replaced") return { ...found, replacedBy: known.by };
  if (known?.state !== "lesser" || found.whole) return found;
  const shown = shownCommandLine(table.commandLine(known.process.pid) ?? "");
  const others = found.partials?.filter(({ pid }) => pid !== known.process.pid) ?? [];
  return { key: found.key, partials: [{ ...known.process, shown }, ...others] };
}
