import { describeDiagnostic, hasError } from "../config/diagnostic.ts";
import type { ProcessEntry } from "../config/process-entry.ts";

/** The entries of a process list. @throws if it cannot be used, with a line for each reason */
export async function usableEntries(path: string): Promise<readonly ProcessEntry[]> {
  const { loadProcessList } = await import("../config/process-list.ts");
  const { entries, diagnostics } = await loadProcessList(path);
  if (!hasError(diagnostics)) return entries;
  throw new Error(
    diagnostics
      .filter(({ severity }) => severity === "error")
      .map(describeDiagnostic)
      .join("\n"),
  );
}
