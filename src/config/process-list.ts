import { dirname } from "node:path";
import { diagnostic, hasError } from "./diagnostic.ts";
import type { ProcessList } from "./process-list/entries.ts";
import { findShellFile, shellDirectories, shellInUse } from "./shell/find.ts";
import { readTextFile, type TextFile } from "./text-file.ts";
import { distrustPath } from "./trust.ts";

export type { ProcessList } from "./process-list/entries.ts";

export interface ProcessListOptions {
  /** Instead of the disk. */
  readonly read?: (path: string) => TextFile;
  /** Where a `proc.list` is looked for when the process list does not exist; by default beside it and in /etc. */
  readonly shellDirectories?: readonly string[];
}

/** Of a proc.list: as much as of a process list in YAML. */
const MAX_PROC_LIST_BYTES = 256 * 1024;

function failed(file: string, read: { readonly reason: string; readonly line: number | undefined }): ProcessList {
  const message = `the process list ${read.reason}`;
  return { entries: [], diagnostics: [diagnostic("error", { file, line: read.line }, message)], file };
}

/** A list that is partly wrong is not watched in part: what was left out would not be missed until it is needed. */
function wholeOrNothing(list: ProcessList): ProcessList {
  const diagnostics = list.diagnostics.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  return { ...list, entries: hasError(diagnostics) ? [] : list.entries, diagnostics };
}

/**
 * Reads the process list, or the shell generation's `proc.list` when there is none.
 * Never rejects for what is in the files: with an error among the diagnostics the entries are not to be used.
 */
export async function loadProcessList(path: string, options: ProcessListOptions = {}): Promise<ProcessList> {
  const read = (options.read ?? readTextFile)(path);
  if ("text" in read) {
    const { parseProcessYaml } = await import("./process-list/parse-yaml.ts");
    return wholeOrNothing(parseProcessYaml(path, read.text));
  }
  const old = read.missing
    ? findShellFile("proc.list", options.shellDirectories ?? [dirname(path), ...shellDirectories])
    : undefined;
  if (old === undefined) return failed(path, read);
  const oldRead = options.read?.(old) ?? readTextFile(old, MAX_PROC_LIST_BYTES);
  if ("reason" in oldRead) return failed(old, oldRead);
  const { parseProcList } = await import("./shell/proc-list.ts");
  const list = wholeOrNothing(parseProcList(old, oldRead.text));
  return { ...list, diagnostics: [shellInUse(old, path), ...list.diagnostics] };
}

/**
 * As `loadProcessList`, for a program that runs what is in it: a list that another user could have written is an error, as it is
 * for cron. That only its directory is another's is a warning.
 */
export async function loadTrustedProcessList(
  path: string,
  options: Omit<ProcessListOptions, "read"> = {},
): Promise<ProcessList> {
  const list = await loadProcessList(path, options);
  const file = list.file ?? path;
  const found = distrustPath(file);
  if (found === undefined) return list;
  const severity = found.isOnlyOwner ? "warning" : "error";
  const message = `${found.reason}, and could have this program run any command; chown root and chmod go-w what is named`;
  const diagnostics = [diagnostic(severity, { file, line: undefined }, message), ...list.diagnostics];
  return wholeOrNothing({ ...list, diagnostics });
}
