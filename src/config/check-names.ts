import { capped, type Diagnostic, diagnostic, nowhere, shortened } from "./diagnostic.ts";
import { foreignOption, isForeignSection } from "./foreign.ts";
import type { Assignment, IniFile } from "./ini.ts";
import { indexOptions, type Meaning, sectionKey, type Tables, withUnderscores } from "./option-index.ts";
import { didYouMean } from "./suggest.ts";

type Index = ReadonlyMap<string, ReadonlyMap<string, Meaning>>;
type Names = ReadonlyMap<string, Meaning>;

/** What is wrong with a name, or only worth knowing. */
interface NameProblem {
  readonly severity: "warning" | "info";
  readonly message: string;
  readonly isUnknownName?: true;
}

const warning = (message: string): NameProblem => ({ severity: "warning", message });
const unknown = (message: string): NameProblem => ({ ...warning(message), isUnknownName: true });

function unknownOption(tables: Tables, names: Names, section: string, key: string): NameProblem {
  const ignored = `[${section}] has no option ${shortened(key)}; it is ignored`;
  const plain = withUnderscores(key);
  if (plain !== key && names.has(plain)) {
    return unknown(
      `[${section}] ${key} is ignored, as oslo.config does: in a file the name has underscores; write ${plain}`,
    );
  }
  const near = didYouMean(
    plain,
    [...names.values()].map(({ name }) => name),
  );
  if (near !== "") return unknown(ignored + near);
  const elsewhere = Object.keys(tables).filter((other) => Object.hasOwn(tables[other]?.options ?? {}, plain));
  return unknown(
    elsewhere.length === 0
      ? ignored
      : `${ignored}; it is an option of ${elsewhere.map((one) => `[${one}]`).join(" and ")}`,
  );
}

function nameProblem(
  tables: Tables,
  names: Names,
  { section, key }: Assignment,
  isSet: (option: string) => boolean,
): NameProblem | undefined {
  const meaning = names.get(key);
  switch (meaning?.kind) {
    case undefined: {
      const owner = foreignOption(sectionKey(section), key, isSet);
      if (owner === undefined) return unknownOption(tables, names, section, key);
      return { severity: "info", message: `[${section}] ${key} has no effect: it is ${owner}` };
    }
    case "deprecated":
      return warning(`[${section}] ${key} is an old name; rename it to [${meaning.section}] ${meaning.name}`);
    case "misspelt":
      return warning(
        `[${section}] ${key} is a misspelling of ${meaning.name} that the Python monitors ignore in silence; it is read as ${meaning.name}`,
      );
    default:
      return undefined;
  }
}

/** Unknown names of a file for which the one that is meant is looked for. */
const MAX_COMPARED = 200;

function checkFile(tables: Tables, index: Index, loginSection: string | undefined, file: IniFile): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  // Comparing names takes time: not for more lines than are listed.
  const isFull = (): boolean => diagnostics.length > MAX_COMPARED;
  const add = (line: number, { severity, message, isUnknownName }: NameProblem): void => {
    const found = diagnostic(severity, { file: file.file, line }, message);
    diagnostics.push(isUnknownName ? { ...found, isUnknownName } : found);
  };
  const borrowed =
    loginSection === undefined || Object.hasOwn(tables, loginSection) ? undefined : sectionKey(loginSection);
  for (const { name, line } of file.sections) {
    const key = sectionKey(name);
    if (index.has(key) || isForeignSection(key)) continue;
    const near = isFull() ? "" : didYouMean(name, Object.keys(tables));
    add(line, unknown(`there is no section [${shortened(name)}]; it is ignored${near}`));
  }
  const given = new Set(file.assignments.map(({ section, key }) => `${sectionKey(section)} ${key}`));
  const seen = new Map<string, number>();
  for (const assignment of file.assignments) {
    const section = sectionKey(assignment.section);
    const { key, line } = assignment;
    const names = index.get(section);
    // A section that another service owns, and that is only borrowed for its login, holds that service's options too.
    if (names === undefined || (section === borrowed && !names.has(key))) continue;
    if (!isFull()) {
      const problem = nameProblem(tables, names, assignment, (option) => given.has(`${section} ${option}`));
      if (problem !== undefined) add(line, problem);
    }
    const meaning = names.get(key);
    if (meaning === undefined || tables[meaning.section]?.options[meaning.name]?.type === "multi") continue;
    const identity = `${section} ${key}`;
    const before = seen.get(identity);
    if (before !== undefined) {
      add(line, warning(`[${assignment.section}] ${key} is set on line ${before} already; this later value counts`));
    }
    seen.set(identity, line);
  }
  return [...capped(file.file, diagnostics)];
}

/** Warns about every section and option in the files that is unknown, misspelt, deprecated or set twice. */
export function checkNames(tables: Tables, files: readonly IniFile[], loginSection: string | undefined): Diagnostic[] {
  const index = indexOptions(tables, loginSection);
  return files.flatMap((file) => checkFile(tables, index, loginSection, file));
}

/** Longer names are nobody's configuration. Characters. */
const MAX_VARIABLE_LENGTH = 200;

/** Warns about environment variables that are written for one of the sections and name no option of it. */
export function checkEnvironment(tables: Tables, env: Readonly<Record<string, string | undefined>>): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const variable of Object.keys(env).sort((a, b) => (a < b ? -1 : 1))) {
    if (variable.length > MAX_VARIABLE_LENGTH) continue;
    const match = /^OS_(.+?)__(.+)$/.exec(variable);
    const section = Object.keys(tables).find((name) => name.toUpperCase() === match?.[1]);
    if (!match?.[2] || section === undefined) continue;
    const names = Object.keys(tables[section]?.options ?? {}).map((name) => name.toUpperCase());
    if (names.includes(match[2]) || foreignOption(section, match[2].toLowerCase(), () => true) !== undefined) continue;
    const near = didYouMean(match[2], names).replace("did you mean ", `did you mean OS_${match[1]}__`);
    const message = `the environment variable ${variable} names no option of [${section}]; it is ignored${near}`;
    diagnostics.push({ ...diagnostic("warning", nowhere, message), isUnknownName: true });
  }
  return diagnostics;
}
