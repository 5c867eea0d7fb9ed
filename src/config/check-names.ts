import { type Diagnostic, diagnostic, nowhere } from "./diagnostic.ts";
import type { Assignment, IniFile } from "./ini.ts";
import { indexOptions, type Meaning, optionKey, sectionKey, type Tables } from "./option-index.ts";
import { didYouMean } from "./suggest.ts";

type Index = ReadonlyMap<string, ReadonlyMap<string, Meaning>>;

function unknownOption(tables: Tables, names: ReadonlyMap<string, Meaning>, section: string, key: string): string {
  const here = `[${section}] has no option ${key}; it is ignored`;
  const near = didYouMean(
    key,
    [...names.values()].map(({ name }) => name),
  );
  if (near !== "") return here + near;
  const elsewhere = Object.keys(tables).filter((other) => Object.hasOwn(tables[other]?.options ?? {}, key));
  return elsewhere.length === 0
    ? here
    : `${here}; it is an option of ${elsewhere.map((one) => `[${one}]`).join(" and ")}`;
}

function nameProblem(
  tables: Tables,
  names: ReadonlyMap<string, Meaning>,
  { section, key }: Assignment,
): string | undefined {
  const meaning = names.get(optionKey(key));
  switch (meaning?.kind) {
    case undefined:
      return unknownOption(tables, names, section, optionKey(key));
    case "deprecated":
      return `[${section}] ${key} is an old name; rename it to [${meaning.section}] ${meaning.name}`;
    case "misspelt":
      return `[${section}] ${key} is a misspelling of ${meaning.name} that the Python monitors ignore in silence; it is read as ${meaning.name}`;
    default:
      return undefined;
  }
}

function checkFile(tables: Tables, index: Index, loginSection: string | undefined, file: IniFile): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const warn = (line: number, message: string): void => {
    diagnostics.push(diagnostic("warning", { file: file.file, line }, message));
  };
  const foreign =
    loginSection === undefined || Object.hasOwn(tables, loginSection) ? undefined : sectionKey(loginSection);
  for (const { name, line } of file.sections) {
    if (!index.has(sectionKey(name))) {
      warn(line, `there is no section [${name}]; it is ignored${didYouMean(name, Object.keys(tables))}`);
    }
  }
  const seen = new Map<string, number>();
  for (const assignment of file.assignments) {
    const names = index.get(sectionKey(assignment.section));
    const key = optionKey(assignment.key);
    // A section that another service owns, and that is only borrowed for its login, holds that service's options too.
    if (names === undefined || (sectionKey(assignment.section) === foreign && !names.has(key))) continue;
    const problem = nameProblem(tables, names, assignment);
    if (problem !== undefined) warn(assignment.line, problem);
    const meaning = names.get(key);
    if (meaning === undefined || tables[meaning.section]?.options[meaning.name]?.type === "multi") continue;
    const identity = `${sectionKey(assignment.section)} ${key}`;
    const before = seen.get(identity);
    if (before !== undefined)
      warn(assignment.line, `[${assignment.section}] ${key} is set on line ${before} already; this later value counts`);
    seen.set(identity, assignment.line);
  }
  return diagnostics;
}

/** Warns about every section and option in the files that is unknown, misspelt, deprecated or set twice. */
export function checkNames(tables: Tables, files: readonly IniFile[], loginSection: string | undefined): Diagnostic[] {
  const index = indexOptions(tables, loginSection);
  return files.flatMap((file) => checkFile(tables, index, loginSection, file));
}

/** Warns about environment variables that are written for one of the sections and name no option of it. */
export function checkEnvironment(tables: Tables, env: Readonly<Record<string, string | undefined>>): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const variable of Object.keys(env).sort((a, b) => a.localeCompare(b))) {
    const match = /^OS_(.+?)__(.+)$/.exec(variable);
    const section = Object.keys(tables).find((name) => name.toUpperCase() === match?.[1]);
    if (!match?.[2] || section === undefined) continue;
    const names = Object.keys(tables[section]?.options ?? {}).map((name) => name.toUpperCase());
    if (names.includes(match[2])) continue;
    const near = didYouMean(match[2], names).replace("did you mean ", `did you mean OS_${match[1]}__`);
    diagnostics.push(
      diagnostic(
        "warning",
        nowhere,
        `the environment variable ${variable} names no option of [${section}]; it is ignored${near}`,
      ),
    );
  }
  return diagnostics;
}
