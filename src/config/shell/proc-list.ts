import { capped, type Diagnostic, diagnostic } from "../diagnostic.ts";
import { checkEntries, MAX_ENTRIES, type ProcessList, type RawEntry } from "../process-list/entries.ts";

const COLUMNS = [
  "id",
  "process_name",
  "start_command",
  "restart_command",
  "pre_start_command",
  "post_start_command",
  "pre_restart_command",
  "post_restart_command",
] as const;

const TWO_STEPS = [
  ["start_command", "pre_start_command"],
  ["restart_command", "pre_restart_command"],
] as const;

type Row = Record<string, string>;

/**
 * The shell joined commands with `;` and stopped at the first that failed. Two of them are what a pre-command and its
 * command are; more have no counterpart.
 */
function spreadSteps(row: Row): string | undefined {
  for (const [command, before] of TWO_STEPS) {
    const steps = (row[command] ?? "").split(";").map((step) => step.trim());
    const [first = "", second, ...more] = steps.filter((step) => step !== "");
    if (second === undefined) {
      row[command] = first;
    } else if (more.length > 0 || row[before] !== "") {
      return `the ${command.replace("_", " ")} has several steps joined by ; put them in a script and name the script here`;
    } else {
      row[before] = first;
      row[command] = second;
    }
  }
  return undefined;
}

function readRow(text: string): { row: Row } | { reason: string } {
  const columns = text.split(",").map((column) => column.trim());
  if (columns.length !== COLUMNS.length) {
    return {
      reason: `a line must have ${COLUMNS.length} columns (${COLUMNS.length - 1} commas), not ${columns.length}`,
    };
  }
  if (!/^\d+$/.test(columns[0] ?? "")) return { reason: "the first column must be a number" };
  const row = Object.fromEntries(COLUMNS.map((name, index) => [name, columns[index] ?? ""]));
  const reason = spreadSteps(row);
  return reason === undefined ? { row } : { reason };
}

/** The shell's programs ran as root; commands that all begin with sudo see to that themselves. */
function needsRoot(row: Row): boolean {
  const commands = COLUMNS.slice(2).flatMap((name) => row[name] || []);
  return commands.some((command) => !command.startsWith("sudo "));
}

/** Reads the shell generation's `proc.list`: eight comma-separated columns a line, without quotes. */
export function parseProcList(file: string, text: string): ProcessList {
  const diagnostics: Diagnostic[] = [];
  const raws: RawEntry[] = [];
  text.split(/\r?\n/).forEach((content, index) => {
    const line = index + 1;
    if (content.trim() === "") return;
    const read = readRow(content);
    if ("reason" in read) {
      diagnostics.push(diagnostic("error", { file, line }, read.reason));
      return;
    }
    const { id: _id, ...fields } = read.row;
    const values: [string, string | boolean][] = [...Object.entries(fields), ["run_as_root", needsRoot(fields)]];
    raws.push({ line, fields: new Map(values.map(([name, value]) => [name, { value, line }])) });
  });
  if (raws.length > MAX_ENTRIES) {
    const message = `the process list has more than ${MAX_ENTRIES} entries`;
    return { entries: [], diagnostics: [diagnostic("error", { file, line: undefined }, message)], file };
  }
  const checked = checkEntries(file, raws);
  return { ...checked, diagnostics: [...capped(file, diagnostics), ...checked.diagnostics] };
}
