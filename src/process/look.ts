import { type Executable, isDead, type ProcessIdentity } from "../system/proc-table.ts";
import { shownCommandLine } from "./command-line.ts";
import type { CompiledEntry } from "./compiled-entry.ts";
import type { LineageParts } from "./lineage.ts";
import { matchCommandLine } from "./match.ts";
import type { Sighting } from "./observation.ts";
import { byPidfile } from "./pidfile.ts";
import { scan } from "./scan.ts";
import type { Watched } from "./watched-processes.ts";

export interface LookParts extends LineageParts {
  /** By the entry's key. */
  readonly watched: ReadonlyMap<string, Watched>;
}

/** What one look at the watched process alone has found. */
type WatchedState =
  | { readonly kind: "whole" | "partial"; readonly process: ProcessIdentity }
  | { readonly kind: "replaced"; readonly by: string }
  | { readonly kind: "gone" };

/**
 * One look at all entries. An entry is up as long as one of its processes lives, and its watched process is one: while that one
 * lives, nothing else in the table can change the result, so only its own files are read. The whole table is read only when some
 * entry has no such process, and what appears can matter only to those. So at rest a look costs two small reads per entry,
 * however many processes the host has, and misses nothing.
 * @throws ProcTableError
 */
export function look(entries: readonly CompiledEntry[], parts: LookParts): readonly Sighting[] {
  const sightings = new Map<string, Sighting>();
  const states = new Map<string, WatchedState>();
  for (const one of entries) {
    const { key, entry } = one;
    if (entry.pidfile !== undefined) {
      sightings.set(key, byPidfile(key, entry, entry.pidfile, { ...parts, before: parts.watched.get(key) }));
      continue;
    }
    const state = checkWatched(one, parts);
    states.set(key, state);
    if (state.kind === "whole") sightings.set(key, { key, whole: state.process });
  }
  const missing = entries.filter((one) => !sightings.has(one.key));
  if (missing.length > 0) {
    // Its workers may outlive it; what has replaced it has begun since.
    const since = (key: string) => parts.watched.get(key)?.seenAt ?? Number.NEGATIVE_INFINITY;
    for (const found of scan(missing, parts, since))
      sightings.set(found.key, withWatched(found, states.get(found.key), parts));
  }
  return entries.map((one) => sightings.get(one.key) ?? { key: one.key });
}

/**
 * A process that has been recognised stays the entry's while it lives: a program may rewrite its command line at any time
 * (setproctitle), and some do at random. Only another program in its place, by exec, ends that.
 */
function checkWatched(one: CompiledEntry, { table, watched }: LookParts): WatchedState {
  const process = watched.get(one.key);
  const stat = process && table.stat(process.pid);
  if (!process || !stat || stat.startTime !== process.startTime || isDead(stat)) return { kind: "gone" };
  const identity = { pid: process.pid, startTime: process.startTime };
  const raw = table.commandLine(process.pid) ?? "";
  const kind = matchCommandLine(one.matcher, raw);
  if (kind === "whole" || kind === "undecided") return { kind: "whole", process: identity };
  // While a process executes another program there is a moment without a command line.
  if (kind === undefined && raw !== "" && runsAnother(process.executable, table.executable(process.pid))) {
    return { kind: "replaced", by: shownCommandLine(raw) };
  }
  return { kind: process.whole ? "whole" : "partial", process: identity };
}

function runsAnother(before: Executable | undefined, now: Executable | undefined): boolean {
  if (!before || !now) return false;
  // An upgrade and a new exec change the file and keep the path; a rename changes the path and keeps the file.
  return before.file !== now.file && before.path !== now.path;
}

/** A process that only ever contained the name yields to the program itself, and to nothing else while it lives. */
function withWatched(found: Sighting, state: WatchedState | undefined, { table }: LookParts): Sighting {
  if (state?.kind === "replaced") return { ...found, replacedBy: state.by };
  if (state?.kind !== "partial" || found.whole) return found;
  const shown = shownCommandLine(table.commandLine(state.process.pid) ?? "");
  const others = found.partials?.filter(({ pid }) => pid !== state.process.pid) ?? [];
  return { key: found.key, partials: [{ ...state.process, shown }, ...others] };
}
