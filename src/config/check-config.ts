import { checkLogin } from "./check-login.ts";
import { type Diagnostic, diagnostic } from "./diagnostic.ts";
import type { Loaded } from "./load.ts";
import { loadProcessList, type ProcessListOptions } from "./process-list.ts";

/**
 * Everything that can be said about a configuration without a server: what reading it said, whether the login is complete,
 * and for the process monitor whether its process list is right.
 * @param program the command's name, as given to loadConfig
 */
export async function checkConfig(
  loaded: Loaded,
  program: string,
  options: ProcessListOptions = {},
): Promise<readonly Diagnostic[]> {
  const found = [...loaded.diagnostics, ...checkLogin(loaded)];
  if (!program.endsWith("processmonitor")) return found;
  const list = await loadProcessList(loaded.config.process.process_list_path, options);
  const count = `${list.entries.length} ${list.entries.length === 1 ? "entry" : "entries"}`;
  const said =
    list.entries.length > 0
      ? [diagnostic("info", { file: list.file, line: undefined }, `the process list has ${count}`)]
      : [];
  return [...found, ...list.diagnostics, ...said];
}
