import type { ProcessEntry } from "../config/process-entry.ts";
import type { Observe } from "../monitor/contract.ts";
import type { Conditions } from "../status/conditions.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { type ExitCalls, watchExits } from "../system/pidfd.ts";
import { countOf } from "../system/plural.ts";
import type { ProcTable } from "../system/proc-table.ts";
import { bootTime } from "./boot-time.ts";
import { compileEntries } from "./compiled-entry.ts";
import { type ListParts, PROCESS_LIST, readList, watchList } from "./list-watch.ts";
import type { Looks } from "./looks.ts";
import type { ProcessObservation, ProcessSettings } from "./observation.ts";
import type { SudoRights } from "./sudo-rights.ts";
import type { WatchedProcesses } from "./watched-processes.ts";

export interface SenseParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly conditions?: Conditions | undefined;
  readonly table: ProcTable;
  /** This process's pid. */
  readonly self: number;
  readonly looks: Looks;
  readonly watched: WatchedProcesses;
  readonly list: Omit<ListParts, "path">;
  readonly bootId: string;
  /** systemd manages this host and can be asked. */
  readonly systemd: boolean;
  /** As they are now: they may change while sensing runs. */
  readonly settings: () => ProcessSettings;
  readonly listPath: () => string;
  readonly exitCalls?: (() => ExitCalls) | undefined;
  readonly sudoRights?: Pick<SudoRights, "check"> | undefined;
}

/**
 * Observes the entries, the exits of watched processes, edits of the process list, and a look at the process table at each
 * check_interval. Resolves when the signal aborts and every descriptor is closed.
 * @throws ProcessListError if the list cannot be used at the start
 */
export async function sense(
  parts: SenseParts,
  observe: Observe<ProcessObservation>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, table, looks, watched } = parts;
  refuseHiddenProcesses(parts);
  const exits = watchExits(
    {
      clock,
      table,
      log,
      ...(parts.exitCalls && { calls: parts.exitCalls }),
      onExit: (process, at) => observe({ kind: "exited", at, process, keys: watched.keysOf(process) }),
    },
    signal,
  );
  const take = (entries: readonly ProcessEntry[]) => {
    looks.use(compileEntries(entries));
    parts.sudoRights?.check(entries, signal);
  };
  let started: boolean = false;
  let edited: readonly ProcessEntry[] | undefined;
  const watchAt = (path: string) =>
    watchList({ ...parts.list, path }, (entries) => {
      take(entries);
      if (started) observe({ kind: "entriesChanged", at: clock.now(), entries });
      else edited = entries;
    });
  let path = parts.listPath();
  let list = watchAt(path);
  watched.restart(exits);
  try {
    const read = await readList({ ...parts.list, path });
    list.follow(read.file);
    parts.conditions?.set(PROCESS_LIST, undefined);
    // An edit that was read meanwhile is the newer one.
    const entries = edited ?? read.entries;
    take(entries);
    started = true;
    log.info(`watching ${countOf(entries.length, "entry", "entries")} of ${read.file}`);
    const { bootId, systemd, self } = parts;
    const bootedAt = bootTime(table, self, clock);
    const pauses = looks.takePauses();
    const settings = parts.settings();
    observe({ kind: "started", at: clock.now(), bootId, bootedAt, systemd, settings, entries, pauses });
    while (!signal.aborted) {
      await clock.sleep(parts.settings().check_interval * 1000, signal).catch(() => undefined);
      if (signal.aborted) break;
      if (parts.listPath() === path) list.check();
      else {
        list.stop();
        path = parts.listPath();
        list = watchAt(path);
        list.reread();
      }
      looks.lookAtAll(observe);
    }
  } finally {
    list.stop();
    watched.restart(undefined);
  }
  await exits.stopped;
}

/** With `hidepid` an ordinary user sees only its own processes, and every service would seem to be down. */
function refuseHiddenProcesses({ table, listPath }: SenseParts): void {
  if (table.stat(1) !== undefined) return;
  throw new Error(
    `/proc hides other users' processes (mount option hidepid), so no entry of ${listPath()} can be watched; ` +
      "run as root, or in the group of its gid= option",
  );
}
