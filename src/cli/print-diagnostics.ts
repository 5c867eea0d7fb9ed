import { type Diagnostic, describeDiagnostic } from "../config/diagnostic.ts";
import { printable } from "../system/printable.ts";

/** Writes what is wrong with a configuration to standard error, a line each, without its control characters. */
export function printDiagnostics(diagnostics: readonly Diagnostic[]): void {
  for (const one of diagnostics) process.stderr.write(`${printable(describeDiagnostic(one))}\n`);
}
