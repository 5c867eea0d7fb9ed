import type { Config } from "../config/sections.ts";
import type { Logger } from "../system/log.ts";

/** These are read once: changing them under a running program would lose what is on its way, or send it about another host. */
const fixedAtStart = [
  "hostname",
  "state_path",
  "disk_thread",
  "recording_size",
  "log_file",
  "log_dir",
  "use_syslog",
  "use_journal",
  "use_json",
] as const;

/** What SIGHUP has read, with the values that hold until the next start as they were; each that differs is logged. */
export function withFixed(next: Config, running: Config, log: Logger): Config {
  const kept: Partial<Record<string, unknown>> = {};
  for (const name of fixedAtStart) {
    kept[name] = running.DEFAULT[name];
    if (next.DEFAULT[name] !== running.DEFAULT[name]) {
      log.warning(`SIGHUP: a new value of [DEFAULT] ${name} takes effect at the next start`);
    }
  }
  return { ...next, DEFAULT: { ...next.DEFAULT, ...kept } };
}
