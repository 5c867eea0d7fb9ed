import type { ProcessEntry } from "../../src/config/process-entry.ts";
import { bareEntry } from "../../src/config/process-list/entries.ts";
import type { ProcessSettings } from "../../src/process/observation.ts";

/** `[process]` at its defaults. */
export const plainSettings: ProcessSettings = {
  hostname: "compute-1",
  check_interval: 5,
  restart_retries: 3,
  restart_interval: 5,
  settle: 1,
  command_timeout: 180,
  boot_grace: 300,
};

/** An entry with a start and a restart command and nothing else. */
export function entryNamed(process_name: string, over: Partial<ProcessEntry> = {}): ProcessEntry {
  return {
    ...bareEntry,
    process_name,
    start_command: `start ${process_name}`,
    restart_command: `restart ${process_name}`,
    ...over,
  };
}
