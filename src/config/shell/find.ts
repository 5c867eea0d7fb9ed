import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Diagnostic, diagnostic } from "../diagnostic.ts";
import type { IniFile } from "../ini.ts";
import { readTextFile } from "../text-file.ts";
import { parseShell } from "./assignments.ts";
import { type ShellProgram, shellAsIni } from "./mapping.ts";

/** Where the shell generation's files lie: upstream's README has the first; its first processmonitor.sh read the second. */
export const shellDirectories = ["/etc/masakarimonitors", "/etc/masakari"] as const;

/** The first of the directories that has the file. */
export function findShellFile(name: string, directories: readonly string[]): string | undefined {
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}

/** They had some twenty lines. */
const MAX_BYTES = 64 * 1024;

/** Reads a `hostmonitor.conf` or `processmonitor.conf` as options. Never throws. */
export function readShellConfig(program: ShellProgram, file: string): IniFile {
  const read = readTextFile(file, MAX_BYTES);
  if ("reason" in read) {
    const problem = diagnostic("error", { file, line: read.line }, `the configuration file ${read.reason}`);
    return { file, assignments: [], sections: [], diagnostics: [problem], unread: true };
  }
  return shellAsIni(program, parseShell(file, read.text));
}

const programs: readonly ShellProgram[] = ["hostmonitor", "processmonitor"];

/**
 * The shell generation's configuration, for when there is no masakarimonitors.conf.
 * @param program the command's name: a program that had its own file reads only that; the others read both
 */
export function readShellConfigs(program: string, directories: readonly string[]): IniFile[] {
  const own = programs.filter((name) => program.endsWith(name));
  return (own.length > 0 ? own : programs).flatMap((name) => {
    const path = findShellFile(`${name}.conf`, directories);
    return path === undefined ? [] : readShellConfig(name, path);
  });
}

/** The line about old files that are in use. */
export function shellInUse(file: string, instead: string): Diagnostic {
  const message = `there is no ${instead}, so this file of the shell generation is read; masakari-monitors migrate-config converts it`;
  return diagnostic("info", { file, line: undefined }, message);
}
