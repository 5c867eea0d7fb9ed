/**
 * What an operator should know about a configuration. With an `error` the configuration must not be used.
 * The message never holds the value of a secret option.
 */
export interface Diagnostic {
  readonly severity: "error" | "warning" | "info";
  /** Undefined for what is in no file: the command line, the environment. */
  readonly file: string | undefined;
  /** From 1. */
  readonly line: number | undefined;
  readonly message: string;
  /** Of the option whose value it is about, if it is about one: programs that do not read that section are not stopped. */
  readonly section?: string;
  /** It is about a section or an option that does not exist. */
  readonly isUnknownName?: true;
}

/** Where a diagnostic points: `file:line` as far as known, and nothing for the command line or the environment. */
export interface Place {
  readonly file: string | undefined;
  readonly line: number | undefined;
}

export const nowhere: Place = { file: undefined, line: undefined };

/** Makes a diagnostic at a place. */
export function diagnostic(severity: Diagnostic["severity"], place: Place, message: string): Diagnostic {
  return { severity, file: place.file, line: place.line, message };
}

/** One line of text: `/etc/x.conf:12: warning: …`. */
export function describeDiagnostic({ severity, file, line, message }: Diagnostic): string {
  const place = file === undefined ? "" : line === undefined ? `${file}: ` : `${file}:${line}: `;
  return `${firstLine(place)}${severity}: ${firstLine(message)}`;
}

/** A path from a value that continues on the next line shows what stands there, which may be the password. */
const firstLine = (text: string): string => text.replace(/\n[\s\S]*/, " … ");

/** A file in which more is wrong is none of the monitors'; its further lines would only hide the first ones. */
const MAX_OF_ONE_FILE = 100;

/** The first of what is wrong with a file, and how much more there is. */
export function capped(file: string, diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  if (diagnostics.length <= MAX_OF_ONE_FILE) return diagnostics;
  const rest = diagnostics.slice(MAX_OF_ONE_FILE);
  const message = `${rest.length} more lines of this file are wrong; they are not listed`;
  const severity = hasError(rest) ? "error" : "warning";
  return [...diagnostics.slice(0, MAX_OF_ONE_FILE), diagnostic(severity, { file, line: undefined }, message)];
}

/** A name in a message: it may be as long as a file. */
export const shortened = (name: string): string => (name.length > 80 ? `${name.slice(0, 80)}…` : name);

/** Whether any of them is an error. */
export function hasError(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === "error");
}

/** How many are about a section or an option that does not exist; of each file no more than are listed. */
export function countUnknownNames(diagnostics: readonly Diagnostic[]): number {
  return diagnostics.filter(({ isUnknownName }) => isUnknownName).length;
}
