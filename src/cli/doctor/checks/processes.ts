import { compileEntries } from "../../../process/compiled-entry.ts";
import { look } from "../../../process/look.ts";
import type { Sighting } from "../../../process/observation.ts";
import { countOf } from "../../../system/plural.ts";
import { openProcTable } from "../../../system/proc-table.ts";
import { usableEntries } from "../../usable-entries.ts";
import type { Check } from "../check.ts";
import { type Finding, ok } from "../finding.ts";

/** Each entry of the process list, looked for as the process monitor does. */
export const processes: Check = {
  name: "process list",
  monitors: ["processmonitor"],
  async run({ loaded }) {
    const { process_list_path: path } = loaded.config.process;
    const entries = compileEntries(await usableEntries(path));
    if (entries.length === 0) {
      const fix = `add the host's services to ${path}; masakari-monitors genconfig process_list.yaml writes a sample`;
      return [{ level: "problem", what: `${path} has no entries`, why: "no process is watched", fix }];
    }
    const parts = { table: openProcTable(), self: process.pid, commands: new Set<number>(), watched: new Map() };
    const found = look(entries, parts).flatMap((sighting) => findingOf(sighting, path) ?? []);
    const running = entries.length - found.length;
    return running > 0
      ? [...found, ok(`running: ${running} of ${countOf(entries.length, "entry", "entries")}`)]
      : found;
  },
};

function findingOf({ key, whole, partials = [], undecided, problem }: Sighting, path: string): Finding | undefined {
  if (whole !== undefined) return undefined;
  const [partial] = partials;
  const why =
    "the monitor runs its start or restart command, and reports the host's failure to Masakari if that does not help";
  if (undecided) {
    const what = `${key}: its expression takes too long on some process's command line`;
    return {
      level: "problem",
      what,
      why: "it is not known whether it runs",
      fix: `set its user in ${path}, or simplify the expression`,
    };
  }
  if (problem !== undefined)
    return {
      level: "problem",
      what: `${key}: ${problem}`,
      why,
      fix: `start the service, or correct pidfile in ${path}`,
    };
  if (partial === undefined) {
    const fix = `start the service, or correct process_name in ${path} after a look at: ps -eo args`;
    return { level: "problem", what: `${key}: nothing that runs matches it`, why, fix };
  }
  return {
    level: "warning",
    what: `${key}: no program of this name runs; pid ${partial.pid} has the name in its command line: ${partial.shown}`,
    why: "it counts as running for as long as anything has the name in its command line",
    fix: `write process_name in ${path} as the program's name or full path, or set match: substring`,
  };
}
