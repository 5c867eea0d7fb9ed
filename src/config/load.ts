import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { checkEnvironment, checkNames } from "./check-names.ts";
import { checkValues } from "./check-values.ts";
import { type Diagnostic, diagnostic, nowhere, type Place } from "./diagnostic.ts";
import { spreadDomain } from "./domains.ts";
import { type FoundFiles, findFiles } from "./find-files.ts";
import { type IniFile, parseIni } from "./ini.ts";
import { sectionKey, withUnderscores } from "./option-index.ts";
import type { Origins } from "./origin.ts";
import { type Overrides, type Resolved, Resolver } from "./resolve.ts";
import { type Config, sections } from "./sections.ts";
import { readShellConfigs, shellDirectories, shellInUse } from "./shell/find.ts";
import { didYouMean } from "./suggest.ts";
import { readTextFile } from "./text-file.ts";

export interface LoadOptions {
  /** The command's name, e.g. `masakari-processmonitor`: `PROGRAM.conf` is read too. */
  readonly program: string;
  /** `--config-file`, in order. */
  readonly configFiles?: readonly string[];
  /** `--config-dir`, in order; they are read after the files. */
  readonly configDirs?: readonly string[];
  /** What else the command line sets, by `option` of [DEFAULT] or `section.option`; dashes and underscores are equal. */
  readonly overrides?: Overrides;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
  /** Stands before /etc, for tests. */
  readonly root?: string;
  /** Where the shell generation's files are looked for when there is no other configuration file. */
  readonly shellDirectories?: readonly string[];
}

/** A configuration as read. With an error among the diagnostics it is not to be used. */
export interface Loaded {
  readonly config: Config;
  readonly origins: Origins;
  /** What may be shown of the values that `$` references brought a secret into, by `section.option`. */
  readonly shown: ReadonlyMap<string, string>;
  /** What is set to something that it cannot be, so that its value is the default: `section.option`. */
  readonly failed: ReadonlySet<string>;
  /** The files and directories that could not be read, each with the reason. */
  readonly unread: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  /** The files it was read from; later ones win. */
  readonly files: readonly string[];
  /** Where each section of the files last begins, for what is missing in it. */
  readonly begins: ReadonlyMap<string, Place>;
}

const fixed = (overrides: Overrides): Overrides =>
  Object.fromEntries(Object.entries(overrides).map(([name, value]) => [withUnderscores(name), value]));

function checkOverrides(overrides: Overrides): Diagnostic[] {
  const known = Object.entries(sections).flatMap(([section, table]) =>
    Object.keys(table.options).map((name) => (section === "DEFAULT" ? name : `${section}.${name}`)),
  );
  return Object.keys(overrides)
    .filter((name) => !known.includes(name))
    .map((name) =>
      diagnostic("error", nowhere, `the command line sets ${name}, which is not an option${didYouMean(name, known)}`),
    );
}

function readFiles(paths: readonly string[]): {
  files: IniFile[];
  unread: readonly Diagnostic[];
  diagnostics: Diagnostic[];
} {
  const files: IniFile[] = [];
  const unread: Diagnostic[] = [];
  for (const file of paths) {
    const read = readTextFile(file);
    if ("reason" in read)
      unread.push(diagnostic("error", { file, line: read.line }, `the configuration file ${read.reason}`));
    else files.push(parseIni(file, read.text));
  }
  return { files, unread, diagnostics: [...unread, ...files.flatMap((file) => file.diagnostics)] };
}

const placesOf = (files: readonly IniFile[]): ReadonlyMap<string, Place> =>
  new Map(
    files.flatMap(({ file, sections: found }) =>
      found.map(({ name, line }) => [sectionKey(name), { file, line }] as const),
    ),
  );

/** With no file at all everything that is missing is missing for one reason. */
function noFile({ searched }: FoundFiles, program: string): Diagnostic {
  const names = `neither masakarimonitors.conf nor ${program}.conf`;
  const places = searched.map((directory) => (isClosed(directory) ? `${directory} (permission denied)` : directory));
  return diagnostic("info", nowhere, `there is no configuration file: ${names} is in ${places.join(", ")}`);
}

/** What is in a directory that this user may not search looks absent; Debian's /etc/masakarimonitors is one. */
function isClosed(directory: string): boolean {
  try {
    accessSync(directory, constants.X_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES";
  }
}

/** The old files count only where nothing of the new ones exists or was asked for. */
function readOldFiles(options: LoadOptions): IniFile[] {
  if ((options.configFiles ?? []).length > 0 || (options.configDirs ?? []).length > 0) return [];
  const root = options.root ?? "";
  return readShellConfigs(
    options.program,
    options.shellDirectories ?? shellDirectories.map((path) => join(root, path)),
  );
}

function resolveAll(resolver: Resolver): Pick<Loaded, "config" | "origins" | "shown" | "failed"> {
  const config: Record<string, Record<string, unknown>> = {};
  const origins: Record<string, Record<string, Resolved["origin"]>> = {};
  const shown = new Map<string, string>();
  const failed = new Set<string>();
  for (const [section, table] of Object.entries(sections)) {
    const read = Object.fromEntries(Object.keys(table.options).map((name) => [name, resolver.get(section, name)]));
    const values = section === "api" ? spreadDomain(read) : read;
    config[section] = Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value]));
    origins[section] = Object.fromEntries(Object.entries(values).map(([name, { origin }]) => [name, origin]));
    for (const [name, one] of Object.entries(values)) {
      if (one.shown !== undefined) shown.set(`${section}.${name}`, one.shown);
      if (one.failed) failed.add(`${section}.${name}`);
    }
  }
  // The values were converted by the very rows that the type Config is made from.
  return { config: config as unknown as Config, origins, shown, failed };
}

/** File by file and line by line; before them what belongs to no file. */
function inReadingOrder(files: readonly string[], diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const rank = ({ file }: Diagnostic): number => {
    if (file === undefined) return -1;
    const at = files.indexOf(file);
    return at === -1 ? files.length : at;
  };
  return diagnostics.toSorted((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0));
}

/** Reads the configuration of one program. Never throws for what is in files, the environment or the command line. */
export function loadConfig(options: LoadOptions): Loaded {
  const { program, env, homeDir } = options;
  const found = findFiles({
    program,
    env,
    homeDir,
    root: options.root ?? "",
    configFiles: options.configFiles ?? [],
    configDirs: options.configDirs ?? [],
  });
  const overrides = fixed(options.overrides ?? {});
  const read = readFiles(found.files);
  const old = found.files.length === 0 ? readOldFiles(options) : [];
  const files = [...old, ...read.files];
  const resolver = new Resolver(sections, { files, env, overrides });
  const loginSection = resolver.get("api", "auth_section").value;
  if (typeof loginSection === "string") resolver.loginSection = loginSection;
  const resolved = resolveAll(resolver);
  const { config, origins } = resolved;
  return {
    ...resolved,
    unread: [...read.unread, ...found.diagnostics, ...old.flatMap((file) => (file.unread ? file.diagnostics : []))].map(
      ({ file, message }) => `${file}: ${message}`,
    ),
    files: files.map(({ file }) => file),
    begins: placesOf(read.files),
    diagnostics: inReadingOrder(
      [...found.files, ...old.map(({ file }) => file)],
      [
        ...read.diagnostics,
        ...found.diagnostics,
        ...(found.files.length === 0 && old.length === 0 ? [noFile(found, program)] : []),
        ...old.map(({ file }) => shellInUse(file, "masakarimonitors.conf")),
        ...old.flatMap(({ diagnostics }) => diagnostics),
        ...checkOverrides(overrides),
        ...checkNames(sections, read.files, resolver.loginSection),
        ...checkEnvironment(sections, env),
        ...resolver.diagnostics,
        ...checkValues(config, origins),
      ],
    ),
  };
}

/** The configuration that files which have been read already make, without environment and command line. */
export function configOfFiles(files: readonly IniFile[]): Loaded {
  const resolver = new Resolver(sections, { files, env: {}, overrides: {} });
  const resolved = resolveAll(resolver);
  return {
    ...resolved,
    unread: [],
    files: files.map(({ file }) => file),
    begins: placesOf(files),
    diagnostics: [...resolver.diagnostics, ...checkValues(resolved.config, resolved.origins)],
  };
}
