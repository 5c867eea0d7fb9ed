/**
 * Something to tell an operator about a configuration. With an `error` the configuration must not be used.
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

/** A path from a value that goes on on the next line shows what stands there, which may be the password. */
const firstLine = (text: string): string => text.replace(/\n[\s\S]*/, " … ");

/** Whether any of them is an error. */
export function hasError(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === "error");
}
