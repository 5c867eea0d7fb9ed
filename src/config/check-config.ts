import { checkLogin } from "./check-login.ts";
import { type Diagnostic, diagnostic } from "./diagnostic.ts";
import type { Loaded } from "./load.ts";
import { loadProcessList, loadTrustedProcessList, type ProcessListOptions } from "./process-list.ts";
import { distrustPath } from "./trust.ts";

/**
 * Everything that can be found out about a configuration without a server: what was found when it was read, whether the login is complete,
 * and for the process monitor whether its process list is right.
 * @param program the command's name, as given to loadConfig
 */
export async function checkConfig(
  loaded: Loaded,
  program: string,
  options: ProcessListOptions = {},
): Promise<readonly Diagnostic[]> {
  const found = [...loaded.files.flatMap(checkTrust), ...loaded.diagnostics, ...checkLogin(loaded)];
  if (!program.endsWith("processmonitor")) return found;
  const path = loaded.config.process.process_list_path;
  const list = await (options.read === undefined
    ? loadTrustedProcessList(path, options)
    : loadProcessList(path, options));
  const count = `${list.entries.length} ${list.entries.length === 1 ? "entry" : "entries"}`;
  const summary =
    list.entries.length > 0
      ? [diagnostic("info", { file: list.file, line: undefined }, `the process list has ${count}`)]
      : [];
  return [...found, ...list.diagnostics, ...summary];
}

/** As loud as a program can be that must not stop for it: the configuration names the login, and through the list the commands. */
function checkTrust(file: string): Diagnostic[] {
  const found = distrustPath(file);
  if (found === undefined) return [];
  const message =
    `ANOTHER USER CAN CHANGE THIS CONFIGURATION: ${found.reason}. Whoever does has this program's login and the commands ` +
    "that it runs; chown root and chmod go-w what is named";
  return [diagnostic("warning", { file, line: undefined }, message)];
}
