import { checkLogin } from "./check-login.ts";
import { type Diagnostic, diagnostic, hasError, nowhere } from "./diagnostic.ts";
import type { Assignment, IniFile } from "./ini.ts";
import { configOfFiles } from "./load.ts";
import type { ProcessEntry } from "./process-entry.ts";
import { bareEntry } from "./process-list/entries.ts";
import { sections } from "./sections.ts";
import { findShellFile, readShellConfig, shellDirectories } from "./shell/find.ts";
import { parseProcList } from "./shell/proc-list.ts";
import { readTextFile } from "./text-file.ts";
import { guard } from "./write-value.ts";

export interface MigrateOptions {
  /** Each defaults to the file of its usual name in the usual directories. */
  readonly hostmonitorConf?: string;
  readonly processmonitorConf?: string;
  readonly procList?: string;
  /** Instead of /etc/masakarimonitors and /etc/masakari. */
  readonly directories?: readonly string[];
}

export interface Migrated {
  /** The text of the new masakarimonitors.conf; it holds the password, so write it with mode 0600 or 0640. */
  readonly config: string | undefined;
  /** The text of the new process_list.yaml. */
  readonly processList: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** The files that were converted. */
  readonly files: readonly string[];
}

/** The assignments by section and option; of two files that set the same, the last one's. */
function merge(
  files: readonly IniFile[],
  diagnostics: Diagnostic[],
): Map<string, { file: string; assignment: Assignment }> {
  const merged = new Map<string, { file: string; assignment: Assignment }>();
  for (const { file, assignments } of files) {
    for (const assignment of assignments) {
      const key = `${assignment.section}.${assignment.key}`;
      const before = merged.get(key);
      if (before && before.assignment.value !== assignment.value) {
        const message = `${key} differs from ${before.file}:${before.assignment.line}; the value of this line is used`;
        diagnostics.push(diagnostic("warning", { file, line: assignment.line }, message));
      }
      merged.set(key, { file, assignment });
    }
  }
  return merged;
}

const HEADER = "# Converted by masakari-monitors migrate-config; each option names the line it comes from.\n\n";

// The values have their dollars escaped already, as values of a file do.
function writeConfig(files: readonly IniFile[], diagnostics: Diagnostic[]): string {
  const merged = merge(files, diagnostics);
  const blocks: string[] = [];
  for (const [section, table] of Object.entries(sections)) {
    const lines = Object.keys(table.options).flatMap((name) => {
      const found = merged.get(`${section}.${name}`);
      return found ? [`# ${found.file}:${found.assignment.line}`, `${name} = ${guard(found.assignment.value)}`] : [];
    });
    if (lines.length > 0) blocks.push([`[${section}]`, ...lines].join("\n"));
  }
  return `${HEADER}${blocks.join("\n\n")}\n`;
}

const PLAIN_TEXT = /^[A-Za-z/](?:[\w/.@ -]*[\w/.@-])?$/;
const YAML_WORD = /^(?:y|n|yes|no|true|false|on|off|null)$/i;

function yamlText(value: string): string {
  if (value === "") return "";
  // A JSON string is a YAML string.
  return PLAIN_TEXT.test(value) && !YAML_WORD.test(value) ? ` ${value}` : ` ${JSON.stringify(value)}`;
}

/** A process list that reads back as these entries. */
export function renderProcessList(entries: readonly ProcessEntry[]): string {
  if (entries.length === 0) return "[]\n";
  const written = entries.map((entry) => {
    const lines = [`  process_name:${yamlText(entry.process_name)}`];
    for (const name of Object.keys(bareEntry) as (keyof typeof bareEntry)[]) {
      const value = entry[name];
      const upstream = name.endsWith("_command") || name === "run_as_root";
      if (!upstream && value === bareEntry[name]) continue;
      lines.push(`  ${name}:${typeof value === "string" ? yamlText(value) : ` ${value}`}`);
    }
    return `-\n${lines.join("\n")}`;
  });
  return `${written.join("\n")}\n`;
}

/** A masakarimonitors.conf without a login would look converted, and notify nobody. */
function missingLogin(configs: readonly IniFile[], directories: readonly string[]): Diagnostic[] {
  if (configs.some(({ unread }) => unread)) return [];
  if (configs.length > 0) {
    const loaded = configOfFiles(configs);
    const found = [...loaded.diagnostics, ...checkLogin(loaded)].filter(({ severity }) => severity === "error");
    return found.map((one) => ({ ...one, message: `the converted configuration cannot be used: ${one.message}` }));
  }
  if (findShellFile("masakarimonitors.conf", directories) !== undefined) return [];
  const message =
    "there is no hostmonitor.conf or processmonitor.conf, so the result would have no login; write a masakarimonitors.conf: masakari-monitors genconfig";
  return [diagnostic("error", nowhere, message)];
}

/**
 * Converts the shell generation's files. With an error among the diagnostics a text may be missing or incomplete.
 * Nothing is written.
 */
export function migrateConfig(options: MigrateOptions = {}): Migrated {
  const directories = options.directories ?? shellDirectories;
  const diagnostics: Diagnostic[] = [];
  const hostmonitor = options.hostmonitorConf ?? findShellFile("hostmonitor.conf", directories);
  const processmonitor = options.processmonitorConf ?? findShellFile("processmonitor.conf", directories);
  const configs: IniFile[] = [];
  if (hostmonitor !== undefined) configs.push(readShellConfig("hostmonitor", hostmonitor));
  if (processmonitor !== undefined) configs.push(readShellConfig("processmonitor", processmonitor));
  diagnostics.push(...configs.flatMap((file) => file.diagnostics));
  const config = configs.length === 0 ? undefined : writeConfig(configs, diagnostics);
  diagnostics.push(...missingLogin(configs, directories));
  const list = options.procList ?? findShellFile("proc.list", directories);
  let processList: string | undefined;
  if (list !== undefined) {
    const read = readTextFile(list);
    if ("reason" in read) {
      diagnostics.push(diagnostic("error", { file: list, line: read.line }, `the process list ${read.reason}`));
    } else {
      const parsed = parseProcList(list, read.text);
      diagnostics.push(...parsed.diagnostics);
      if (!hasError(parsed.diagnostics)) processList = renderProcessList(parsed.entries);
    }
  }
  const files = [...configs.map(({ file }) => file), ...(list === undefined ? [] : [list])];
  if (files.length === 0) {
    const message = `there is nothing to convert: no hostmonitor.conf, processmonitor.conf or proc.list in ${directories.join(", ")}`;
    return { config, processList, diagnostics: [diagnostic("error", nowhere, message)], files };
  }
  return { config, processList, diagnostics, files };
}
