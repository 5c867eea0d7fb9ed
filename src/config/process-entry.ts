/** One entry of the process list (`process_list.yaml`, or the shell generation's `proc.list`), checked and completed. */
export interface ProcessEntry {
  readonly process_name: string;
  /** Commands are split on white space and run without a shell, as upstream does; empty means none. */
  readonly start_command: string;
  readonly pre_start_command: string;
  readonly post_start_command: string;
  readonly restart_command: string;
  readonly pre_restart_command: string;
  readonly post_restart_command: string;
  readonly run_as_root: boolean;
  /** How process_name is looked for; `program` is the default, the other two are beyond upstream. */
  readonly match: "program" | "substring" | "regex";
  /** Only processes that run as this user (a name of /etc/passwd, or a number) count. */
  readonly user: string | undefined;
  readonly pidfile: string | undefined;
  readonly systemd_unit: string | undefined;
  /** A clean stop of its unit through systemd is meant, and not undone. */
  readonly leave_stopped: boolean;
  /** Seconds that a restart by its supervisor may take before it counts as down. Undefined: `[process] settle`; likewise below. */
  readonly settle: number | undefined;
  readonly restart_retries: number | undefined;
  /** Seconds. */
  readonly restart_interval: number | undefined;
  /** Seconds. */
  readonly command_timeout: number | undefined;
}
