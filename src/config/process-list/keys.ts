import type { ProcessEntry } from "../process-entry.ts";

/** One key of an entry of the process list. */
export interface ProcessKey {
  readonly kind: "name" | "command" | "flag" | "match" | "user" | "path" | "unit" | "seconds" | "count";
  readonly help: string;
  /** For seconds. */
  readonly min?: number;
  /** The key does not exist in the Python monitors. */
  readonly ours?: true;
}

const shared = "Default: the option of this name in [process].";

/** Every key that an entry of the process list may have: the source for reading, checking and the documentation. */
export const processKeys: Readonly<Record<keyof ProcessEntry, ProcessKey>> = {
  process_name: {
    kind: "name",
    help: "Required. The program to watch, by path or name; further words must be its next arguments. The part after the last / is reported to Masakari.",
  },
  start_command: { kind: "command", help: "Run once when the monitor starts, if the process is not running." },
  pre_start_command: { kind: "command", help: "Run before start_command; if it fails, the entry is not started." },
  post_start_command: { kind: "command", help: "Run after start_command." },
  restart_command: {
    kind: "command",
    help: "Run when the process is down. Without it the process can only be reported.",
  },
  pre_restart_command: { kind: "command", help: "Run before restart_command." },
  post_restart_command: { kind: "command", help: "Run after restart_command." },
  run_as_root: {
    kind: "flag",
    help: "Run the commands as root, by sudo -n if the monitor is not root. Default: false.",
  },
  match: {
    kind: "match",
    ours: true,
    help: "How process_name is compared: program (default; the program itself, or the script that an interpreter runs), substring (anywhere in the command line, as the Python monitor does) or regex (a regular expression, anywhere in the first 8192 characters of the command line).",
  },
  user: {
    kind: "user",
    ours: true,
    help: "Only processes that run as this user count, by name (of /etc/passwd) or number. Without it, every user of the host can run something that is mistaken for the process.",
  },
  pidfile: {
    kind: "path",
    ours: true,
    help: "File that holds the process's id: that process is the entry's, whatever it is called and whatever else runs. A file that has outlived its process is noticed.",
  },
  systemd_unit: {
    kind: "unit",
    ours: true,
    help: "The process's systemd unit, e.g. nova-compute.service: while systemd works on it, the process does not count as down. Default: the service that the process was seen to belong to, else the one that restart_command or start_command names.",
  },
  leave_stopped: {
    kind: "flag",
    ours: true,
    help: "A clean stop of the unit through systemd (systemctl stop, a package's upgrade) is intentional: the process is neither restarted nor reported until it runs again. Default: false, as the Python monitor: it is restarted.",
  },
  settle: {
    kind: "seconds",
    min: 0,
    ours: true,
    help: `Seconds that the process may be gone while its supervisor restarts it. ${shared}`,
  },
  restart_retries: {
    kind: "count",
    ours: true,
    help: `Further rounds of restart commands after a failed one. ${shared}`,
  },
  restart_interval: { kind: "seconds", min: 0, ours: true, help: `Seconds between two rounds. ${shared}` },
  command_timeout: { kind: "seconds", min: 0.1, ours: true, help: `Seconds that one command may take. ${shared}` },
};
