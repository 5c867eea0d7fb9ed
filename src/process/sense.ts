import type { ProcessEntry } from "../config/process-entry.ts";
import { type ExitCalls, watchExits } from "../system/pidfd.ts";
import { bootTime } from "./boot-time.ts";
import { type Eyes, type EyesParts, lookNow, type Observe, pausesNow } from "./eyes.ts";
import { type ListParts, PROCESS_LIST, readList, watchList } from "./list-watch.ts";
import type { ProcessSettings } from "./observation.ts";
import { soughtOf } from "./sought.ts";
import type { SudoRights } from "./sudo-rights.ts";

export interface SenseParts extends EyesParts {
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
export async function sense(eyes: Eyes, parts: SenseParts, observe: Observe, signal: AbortSignal): Promise<void> {
  const { clock, log, table } = parts;
  refuseHiddenProcesses(parts);
  const exits = watchExits(
    {
      clock,
      table,
      log,
      ...(parts.exitCalls && { calls: parts.exitCalls }),
      onExit: (process, at) => {
        if (!signal.aborted) observe({ kind: "exited", at, process });
      },
    },
    signal,
  );
  const take = (entries: readonly ProcessEntry[]) => {
    eyes.sought = soughtOf(entries);
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
  eyes.exits = exits;
  eyes.watched.clear();
  try {
    const read = await readList({ ...parts.list, path });
    list.follow(read.file);
    parts.conditions?.set(PROCESS_LIST, undefined);
    // An edit that was read meanwhile is the newer one.
    const entries = edited ?? read.entries;
    take(entries);
    started = true;
    log.info(`watching ${entries.length} ${entries.length === 1 ? "entry" : "entries"} of ${read.file}`);
    const { bootId, systemd, self } = parts;
    const bootedAt = bootTime(table, self, clock);
    eyes.pauses = pausesNow(eyes, parts);
    const settings = parts.settings();
    const { pauses } = eyes;
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
      lookNow(eyes, parts, observe);
    }
  } finally {
    list.stop();
    eyes.exits = undefined;
    eyes.watched.clear();
  }
  await exits.stopped;
}

/** With `hidepid` an ordinary user sees only its own processes, and every service would look dead. */
function refuseHiddenProcesses({ table, listPath }: SenseParts): void {
  if (table.stat(1) !== undefined) return;
  throw new Error(
    `/proc hides other users' processes (mount option hidepid), so no entry of ${listPath()} can be watched; ` +
      "run as root, or in the group of its gid= option",
  );
}
