import { type FSWatcher, statSync, watch } from "node:fs";
import { dirname } from "node:path";
import { type Diagnostic, describeDiagnostic, hasError } from "../config/diagnostic.ts";
import type { ProcessEntry } from "../config/process-entry.ts";
import type { ConditionKind, Conditions } from "../status/conditions.ts";
import type { Clock, Timer } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { countOf } from "../system/plural.ts";

export const PROCESS_LIST: ConditionKind = {
  name: "process list",
  consequence: "an edit of the process list is refused; the last good list stays in force",
};

/** Reads and checks the process list; with an error among the diagnostics its entries are not to be used. */
export type LoadProcessList = (path: string) => Promise<{
  readonly entries: readonly ProcessEntry[];
  readonly diagnostics: readonly Diagnostic[];
  /** What was read in place of the path, e.g. the shell generation's proc.list; the path if absent. */
  readonly file?: string | undefined;
}>;

/** The process list cannot be used. The message has a line for each reason, with file:line. */
export class ProcessListError extends Error {
  readonly code = "PROCESS_LIST_UNUSABLE";

  constructor(path: string, diagnostics: readonly Diagnostic[]) {
    super([`the process list ${path} cannot be used:`, ...diagnostics.map(describeDiagnostic)].join("\n"));
  }
}

export interface ListParts {
  readonly path: string;
  readonly load: LoadProcessList;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where to show whether the list in force is the one in the file. */
  readonly conditions?: Conditions | undefined;
}

/** An editor writes a file in several steps; they are taken as one. */
const QUIET_MS = 100;

/** A list that can be used. */
export interface ReadList {
  readonly entries: readonly ProcessEntry[];
  /** The file that it was read from. */
  readonly file: string;
  /** Warnings and information about it. */
  readonly notes: readonly Diagnostic[];
}

/** The list as it is now. @throws ProcessListError */
export async function readList({ path, load }: Pick<ListParts, "path" | "load">): Promise<ReadList> {
  const { entries, diagnostics, file = path } = await load(path);
  if (hasError(diagnostics)) {
    const problems = diagnostics.filter(({ severity }) => severity === "error");
    throw new ProcessListError(path, problems);
  }
  return { entries, file, notes: diagnostics };
}

/** The list, watched for edits. `check` is for each check_interval: not every file system reports changes. */
export interface ListWatch {
  check(): void;
  /** Reads it whether it has changed or not. */
  reread(): void;
  /** Edits of this file count too: it is what was read in place of the list. */
  follow(file: string): void;
  stop(): void;
}

/**
 * Calls `onEntries` after each edit that can be used. One that cannot is refused with its reasons, once, and the entries stay.
 * Begin before the list is read, so that no edit falls between.
 */
export function watchList(parts: ListParts, onEntries: (entries: readonly ProcessEntry[]) => void): ListWatch {
  const { path, clock, log } = parts;
  let followed = path;
  const look = () => `${fingerprint(path)} ${fingerprint(followed)}`;
  let seen = look();
  let quiet: Timer | undefined;
  let directory: FSWatcher | undefined;
  let stopped: boolean = false;
  let rereading = Promise.resolve();

  const reread = async () => {
    try {
      const { entries, file, notes } = await readList(parts);
      if (stopped) return;
      follow(file);
      for (const one of notes) log[one.severity](describeDiagnostic(one));
      parts.conditions?.set(PROCESS_LIST, undefined);
      log.info(`the process list ${path} has changed; it has ${countOf(entries.length, "entry", "entries")} now`);
      onEntries(entries);
    } catch (error) {
      for (const line of error instanceof ProcessListError ? error.message.split("\n") : [String(error)])
        log.error(line);
      log.error("the last good process list stays in force");
      const why = error instanceof ProcessListError ? error.message.split("\n").slice(1).join("; ") : String(error);
      parts.conditions?.set(PROCESS_LIST, why);
    }
  };
  const follow = (file: string) => {
    if (file === followed) return;
    followed = file;
    seen = look();
  };
  const check = () => {
    const now = look();
    if (now === seen) return;
    seen = now;
    rereadInTurn();
  };
  // One after the other, so that an older edit never overtakes a newer one.
  const rereadInTurn = () => {
    rereading = rereading.then(reread);
  };
  const changed = () => {
    quiet?.cancel();
    quiet = clock.setTimer(QUIET_MS, check);
  };
  try {
    // The directory, because editors and configuration tools put a new file in place of the old one.
    directory = watch(dirname(path), { persistent: false }, changed);
    directory.on("error", () => directory?.close());
  } catch (error) {
    log.debug(`${dirname(path)} cannot be watched, the list is checked at each check_interval: ${String(error)}`);
  }
  return {
    check,
    reread: rereadInTurn,
    follow,
    stop() {
      stopped = true;
      quiet?.cancel();
      directory?.close();
    },
  };
}

/** Differs whenever the file has been written or replaced; for one that cannot be looked at, the reason. */
function fingerprint(path: string): string {
  try {
    const stat = statSync(path, { bigint: true });
    return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unreadable";
  }
}
