import { capped, type Diagnostic, diagnostic, hasError, shortened } from "../diagnostic.ts";
import type { ProcessEntry } from "../process-entry.ts";
import { didYouMean } from "../suggest.ts";
import { compileExpression } from "./expression.ts";
import { processKeys } from "./keys.ts";
import { checkKey } from "./values.ts";

/** More is a mistake or an attack: every entry is looked for in every process. */
export const MAX_ENTRIES = 1000;

/** Of an entry. Several merges (<<) can bring more into one. */
export const MAX_KEYS = 100;

/** An entry as written: any keys, any values, and the line of each. */
export interface RawEntry {
  readonly line: number;
  readonly fields: ReadonlyMap<string, { readonly value: unknown; readonly line: number }>;
}

/** A process list as read. With an error among the diagnostics its entries are not to be used. */
export interface ProcessList {
  readonly entries: readonly ProcessEntry[];
  readonly diagnostics: readonly Diagnostic[];
  /** The file that was read: the one asked for, or the shell generation's list in its place. */
  readonly file: string;
}

const names = Object.keys(processKeys) as (keyof ProcessEntry)[];

/** The entry that has only a name: every other key at its default. */
export const bareEntry: Omit<ProcessEntry, "process_name"> = {
  start_command: "",
  pre_start_command: "",
  post_start_command: "",
  restart_command: "",
  pre_restart_command: "",
  post_restart_command: "",
  run_as_root: false,
  match: "program",
  user: undefined,
  pidfile: undefined,
  systemd_unit: undefined,
  leave_stopped: false,
  settle: undefined,
  restart_retries: undefined,
  restart_interval: undefined,
  command_timeout: undefined,
};

/** What is wrong (`problem`) or to be considered (`caution`) about the expression of an entry, as the end of "process_name …". */
function checkExpression({ match, process_name, user }: ProcessEntry): { problem?: string; caution?: string } {
  if (match !== "regex") return {};
  try {
    const expression = compileExpression(process_name);
    if (expression.test("")) {
      return { problem: "matches the empty string, and so every process; make the expression more specific" };
    }
    if (!expression.linear && user === undefined) {
      return {
        caution:
          "uses lookaround or a reference to a group: any user can run a process with a command line on which that takes too long, " +
          "and the entry is not watched meanwhile. Avoid them, or set user",
      };
    }
    return {};
  } catch (error) {
    return {
      problem: `is not a regular expression: ${(error as Error).message.replace(/^Invalid regular expression: /, "")}`,
    };
  }
}

function commandsCaution({ start_command, restart_command }: ProcessEntry): string | undefined {
  if (restart_command !== "") return undefined;
  return start_command === ""
    ? "has neither a start_command nor a restart_command: it can only be reported, never brought back"
    : "has no restart_command: when it goes down it can only be reported";
}

function checkEntry(file: string, raw: RawEntry): { entry: ProcessEntry | undefined; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const report = (severity: "error" | "warning", line: number, message: string): void => {
    diagnostics.push(diagnostic(severity, { file, line }, message));
  };
  if (raw.fields.size > MAX_KEYS) {
    report("error", raw.line, `this entry has more than ${MAX_KEYS} keys`);
    return { entry: undefined, diagnostics };
  }
  for (const [key, { line }] of raw.fields) {
    if (Object.hasOwn(processKeys, key)) continue;
    // What is only near to a key is a slip of the pen, and what it should have set is missing. Other keys the Python monitor
    // ignores: lists have ids and remarks in them.
    const near = didYouMean(key, names);
    const unknown = `there is no key ${shortened(key) || "without a name"}`;
    if (near !== "") report("error", line, `${unknown}${near}`);
    else report("warning", line, `${unknown}; it is ignored`);
  }
  if (!raw.fields.has("process_name")) report("error", raw.line, "this entry has no process_name, which is required");
  const values: Partial<Record<keyof ProcessEntry, unknown>> = {};
  for (const name of names) {
    const field = raw.fields.get(name);
    if (!field) continue;
    const checked = checkKey(processKeys[name], field.value);
    if ("reason" in checked) {
      report("error", field.line, `${name} ${checked.reason}`);
    } else {
      values[name] = checked.value;
      if (checked.caution !== undefined) report("warning", field.line, `${name} ${checked.caution}`);
    }
  }
  if (hasError(diagnostics)) return { entry: undefined, diagnostics };
  // Every value has just been checked against the row of its key.
  const entry = { ...bareEntry, ...values } as ProcessEntry;
  const { problem: bad, caution: expressionCaution } = checkExpression(entry);
  const nameLine = raw.fields.get("process_name")?.line ?? raw.line;
  if (bad !== undefined) report("error", nameLine, `process_name ${bad}`);
  if (expressionCaution !== undefined) report("warning", nameLine, `process_name ${expressionCaution}`);
  const caution = bad === undefined ? commandsCaution(entry) : undefined;
  if (caution !== undefined) report("warning", raw.line, `${entry.process_name} ${caution}`);
  return { entry: bad === undefined ? entry : undefined, diagnostics };
}

/** Checks every entry, and the list as a whole. */
export function checkEntries(file: string, raws: readonly RawEntry[]): ProcessList {
  const entries: ProcessEntry[] = [];
  const diagnostics: Diagnostic[] = [];
  const lines = new Map<string, number>();
  if (raws.length === 0) {
    diagnostics.push(
      diagnostic("warning", { file, line: undefined }, "the process list has no entries: no process is watched"),
    );
  }
  for (const raw of raws) {
    const checked = checkEntry(file, raw);
    diagnostics.push(...checked.diagnostics);
    if (!checked.entry) continue;
    entries.push(checked.entry);
    const { process_name } = checked.entry;
    const before = lines.get(process_name);
    if (before === undefined) lines.set(process_name, raw.line);
    else {
      const message = `${process_name} is in the list on line ${before} already; both entries will act on the same process`;
      diagnostics.push(diagnostic("warning", { file, line: raw.line }, message));
    }
  }
  return { entries, diagnostics: capped(file, diagnostics), file };
}
