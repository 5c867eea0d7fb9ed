import { isDead, type ProcessIdentity, type ProcessStat } from "../system/proc-table.ts";
import { parseCommandLine, shownCommandLine } from "./command-line.ts";
import type { CompiledEntry } from "./compiled-entry.ts";
import { Lineage, type LineageParts } from "./lineage.ts";
import type { Sighting } from "./observation.ts";
import { beganAfter } from "./started-at.ts";

/** So many processes that only contain an entry's name are observed, the youngest. */
const PARTIALS = 20;

/** The processes that match one entry, alive or not, ours or not. */
interface Found {
  readonly whole: number[];
  readonly partial: number[];
  readonly undecided: number[];
}

/**
 * Reads the whole process table for these entries. Each one's process is, in this order: one whose command line is the entry's
 * program; one that executes the entry's program under a command line that it has replaced; one that contains the name.
 * @param since those of the second kind count only if they began after this, ms since boot
 * @throws ProcTableError
 */
export function scan(
  entries: readonly CompiledEntry[],
  parts: LineageParts,
  since: (key: string) => number,
): readonly Sighting[] {
  const { table } = parts;
  const lineage = new Lineage(parts);
  const found = entries.map((): Found => ({ whole: [], partial: [], undecided: [] }));
  const pids = table.pids();
  for (const pid of pids) {
    const raw = table.commandLine(pid);
    // Zombies and kernel threads have none.
    if (!raw) continue;
    let lines: ReturnType<typeof parseCommandLine> | undefined;
    const parsed = () => {
      lines ??= parseCommandLine(raw);
      return lines;
    };
    let user: number | undefined;
    entries.forEach(({ matcher, uid }, index) => {
      if (uid !== undefined) {
        user ??= table.user(pid);
        if (user !== uid) return;
      }
      const kind = matcher.match(raw, parsed);
      if (kind !== undefined) found[index]?.[kind].push(pid);
    });
  }
  return entries.map((one, index) => {
    const { key } = one;
    const { whole, partial, undecided } = found[index] ?? { whole: [], partial: [], undecided: [] };
    const [process = byAge(retitled(one, pids, since(one.key), { parts, lineage }), lineage)[0]] = byAge(
      whole,
      lineage,
    );
    if (process) return { key, whole: process };
    if (byAge(undecided, lineage).length > 0) return { key, undecided: true };
    const lesser = byAge(partial, lineage).filter(({ pid }) => !lineage.isAncestor(pid));
    if (lesser.length === 0) return { key };
    const shown = (pid: number) => shownCommandLine(table.commandLine(pid) ?? "");
    return { key, partials: lesser.slice(-PARTIALS).map((other) => ({ ...other, shown: shown(other.pid) })) };
  });
}

/** Those that are the entry's program by what they execute, but whose command line has lost its name. */
function retitled(
  { matcher, uid }: CompiledEntry,
  pids: readonly number[],
  since: number,
  { parts, lineage }: { readonly parts: LineageParts; readonly lineage: Lineage },
): number[] {
  const { table } = parts;
  const { replaced } = matcher;
  if (!replaced) return [];
  return pids.filter((pid) => {
    const stat = lineage.stat(pid);
    if (!stat || isDead(stat) || !beganAfter(stat, since)) return false;
    if (uid !== undefined && table.user(pid) !== uid) return false;
    return replaced({ name: stat.name, executable: () => lineage.executable(pid), raw: () => table.commandLine(pid) });
  });
}

/** Those that live and are not ours. The oldest is first: workers come and go, and the first started is mostly their parent. */
function byAge(pids: readonly number[], lineage: Lineage): ProcessIdentity[] {
  return pids
    .map((pid) => lineage.stat(pid))
    .filter((stat): stat is ProcessStat => stat !== undefined && !isDead(stat) && !lineage.isOurs(stat.pid))
    .sort((one, other) => one.startTime - other.startTime || one.pid - other.pid)
    .map(({ pid, startTime }) => ({ pid, startTime }));
}
