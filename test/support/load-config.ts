import { describeDiagnostic } from "../../src/config/diagnostic.ts";
import { type Loaded, type LoadOptions, loadConfig } from "../../src/config/load.ts";
import { type ConfigRoot, configRoot } from "./config-root.ts";

/** The configuration of the process monitor on a host with these files. */
export function load(at: ConfigRoot, options: Partial<LoadOptions> = {}): Loaded {
  return loadConfig({ program: "masakari-processmonitor", env: {}, homeDir: at.homeDir, root: at.root, ...options });
}

/** The diagnostics as lines, without the temporary directory. */
export const linesOf = (loaded: Loaded, at: ConfigRoot): string[] =>
  loaded.diagnostics.map((one) => describeDiagnostic(one).replaceAll(at.root, ""));

/** The diagnostics of one file with this text, as lines. */
export function linesFor(text: string): string[] {
  using at = configRoot({ "x.conf": text });
  return linesOf(load(at, { configFiles: [at.path("x.conf")] }), at);
}
