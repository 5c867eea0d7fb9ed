import { existsSync, readdirSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { type Diagnostic, diagnostic } from "./diagnostic.ts";

const PROJECT = "masakarimonitors";

export interface LookUp {
  /** The command's name, e.g. `masakari-processmonitor`. */
  readonly program: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
  /** Stands before /etc; "" but in tests. */
  readonly root: string;
  readonly configFiles: readonly string[];
  readonly configDirs: readonly string[];
}

export interface FoundFiles {
  /** In the order in which they are read: later ones win. */
  readonly files: readonly string[];
  /** The directories that were looked in, for a message. */
  readonly searched: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

function searchDirectories({ env, homeDir, root }: LookUp): string[] {
  const directories = [join(homeDir, `.${PROJECT}`), homeDir, join(root, "/etc", PROJECT), join(root, "/etc")];
  for (const snap of [env.SNAP_COMMON, env.SNAP]) {
    if (snap) directories.push(join(snap, "etc", PROJECT));
  }
  return directories;
}

/** `~` and relative paths, as oslo.config's _fixpath does. */
function absolute(path: string, homeDir: string): string {
  if (path === "~" || path.startsWith("~/")) return join(homeDir, path.slice(1));
  return isAbsolute(path) ? path : resolve(path);
}

/** The `*.conf` of a directory, sorted by code point, without hidden ones, as Python's glob gives them. */
function filesIn(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => name.endsWith(".conf") && !name.startsWith("."));
  return names.sort((a, b) => (a < b ? -1 : 1)).map((name) => join(directory, name));
}

/**
 * Which files make up the configuration, in oslo.config's order (oslo_config/cfg.py, find_config_files and
 * _parse_config_files): for each of masakarimonitors.conf and PROGRAM.conf the first directory that has it, unless
 * files are named; then likewise the .conf.d directories, unless directories are named; then what is named.
 */
export function findFiles(lookUp: LookUp): FoundFiles {
  const { program, homeDir, configFiles, configDirs } = lookUp;
  const files: string[] = [];
  const diagnostics: Diagnostic[] = [];
  const searched = searchDirectories(lookUp);
  const first = (name: string): string | undefined =>
    searched.map((directory) => join(directory, name)).find((path) => existsSync(path));
  const add = (directory: string, named: boolean): void => {
    try {
      files.push(...filesIn(directory));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" && !named) return;
      const reason =
        code === "ENOENT" ? "does not exist" : code === "ENOTDIR" ? "is not a directory" : `cannot be read: ${message}`;
      diagnostics.push(
        diagnostic("error", { file: directory, line: undefined }, `the configuration directory ${reason}`),
      );
    }
  };
  const names = [...new Set([PROJECT, program])];
  if (configFiles.length === 0) {
    for (const name of names) {
      const path = first(`${name}.conf`);
      if (path !== undefined) files.push(path);
    }
  }
  if (configDirs.length === 0) {
    for (const name of names) {
      const directory = first(`${name}.conf.d`);
      if (directory !== undefined) add(directory, false);
    }
  }
  files.push(...configFiles.map((path) => absolute(path, homeDir)));
  for (const directory of configDirs) add(absolute(directory, homeDir), true);
  return { files, searched, diagnostics };
}
