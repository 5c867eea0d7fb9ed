import type { ProcessEntry } from "../config/process-entry.ts";
import type { SettingsChanged, Started, Woke } from "../monitor/decision.ts";
import type { Instant } from "../system/clock.ts";
import type { ProcessIdentity } from "../system/proc-table.ts";
import type { Pause } from "./pauses.ts";

/** `[process]` and `[DEFAULT] hostname`, as far as decisions need them. All times in seconds. */
export interface ProcessSettings {
  readonly hostname: string;
  readonly check_interval: number;
  readonly restart_retries: number;
  readonly restart_interval: number;
  readonly settle: number;
  readonly command_timeout: number;
  /** After the boot of this host. */
  readonly boot_grace: number;
  /** `[notifications] shadow`: no command is run, and nothing is sent. */
  readonly shadow?: boolean;
}

/** What systemd reports of one unit that it has loaded. */
export interface UnitState {
  /** `ActiveState`: active, activating, deactivating, inactive, failed, reloading … */
  readonly active: string;
  /** `Result` of the last run: success, exit-code, signal, timeout, start-limit-hit … */
  readonly result: string;
  /** A job (start, stop, restart) is queued or under way. */
  readonly job: boolean;
  /** 0: none. */
  readonly mainPid: number;
  /** Monotonic ms, 0 for never: the last main process began and ended, and the unit ceased to be active. */
  readonly mainStarted: number;
  readonly mainExited: number;
  readonly activeExited: number;
  /** What systemd allows the unit for a stop and a start, ms; infinity where it is unlimited. */
  readonly timeoutsMs: number;
}

export interface SystemdStatus {
  /** `systemctl is-system-running`: initializing, starting, running, degraded, maintenance, stopping. */
  readonly system: string;
  /** Undefined where no unit was asked about, or it is not loaded. */
  readonly unit: UnitState | undefined;
  /** The package manager that runs, for a log line; looked for only where the unit is inactive. */
  readonly packageManager?: string | undefined;
}

/** A process whose command line merely contains an entry's name. */
export interface PartialMatch extends ProcessIdentity {
  /** Its command line, fit for a log line. */
  readonly shown: string;
}

/** What one look at the process table found of one entry. */
export interface Sighting {
  readonly key: string;
  /** The process that is the entry's program (or that its pattern or pidfile names). */
  readonly whole?: ProcessIdentity | undefined;
  /** Looked for only where there is no `whole`: first the one watched, then the oldest. */
  readonly partials?: readonly PartialMatch[] | undefined;
  /** The process watched so far lives, but executes another program now: its command line, fit for a log line. */
  readonly replacedBy?: string | undefined;
  /** Why the entry could not be looked for, e.g. an unreadable pidfile. */
  readonly problem?: string | undefined;
  /** Whether it is up is not known: its expression took too long over some process's command line. Nothing follows from it. */
  readonly undecided?: true;
}

export type Stage =
  | "pre_start_command"
  | "start_command"
  | "post_start_command"
  | "pre_restart_command"
  | "restart_command"
  | "post_restart_command";

/** Every observation carries when it was made: `mono` for durations, `wall` for what leaves the host. */
export type ProcessObservation =
  | (Started<ProcessSettings> & {
      /** When this host (or container) was booted, monotonic ms; may be negative. */
      readonly bootedAt: number;
      /** systemd manages this host. */
      readonly systemd: boolean;
      readonly pauses: readonly Pause[];
      readonly entries: readonly ProcessEntry[];
    })
  | SettingsChanged<ProcessSettings>
  | Woke
  | { readonly kind: "entriesChanged"; readonly at: Instant; readonly entries: readonly ProcessEntry[] }
  /** A look at the process table for these entries: at every check_interval for all, and for each `scan`. */
  | { readonly kind: "seen"; readonly at: Instant; readonly sightings: readonly Sighting[] }
  /** A process has ended that is watched for the entries of these keys; `at` is when it was seen. */
  | {
      readonly kind: "exited";
      readonly at: Instant;
      readonly process: ProcessIdentity;
      readonly keys: readonly string[];
    }
  /** The command of `run` has ended; `summary` is one phrase for the log. */
  | {
      readonly kind: "commandEnded";
      readonly at: Instant;
      readonly key: string;
      readonly run: number;
      readonly succeeded: boolean;
      readonly summary: string;
    }
  /** Undefined if systemd could not be asked. */
  | { readonly kind: "systemd"; readonly at: Instant; readonly key: string; readonly status: SystemdStatus | undefined }
  /** The systemd service that a watched process belongs to, by its control group. */
  | {
      readonly kind: "unitFound";
      readonly at: Instant;
      readonly key: string;
      readonly process: ProcessIdentity;
      readonly unit: string;
    }
  /** Operators have begun or ended planned work, or it has ended by itself. A look follows. */
  | { readonly kind: "pausesChanged"; readonly at: Instant; readonly pauses: readonly Pause[] };

/** What the process monitor does beside the effects common to all monitors. */
export type ProcessEffect =
  /** Look for the process of this entry now; without a key, for those of all entries. */
  | { readonly kind: "scan"; readonly key?: string }
  /**
   * Watch this process for its exit, instead of the one watched for the entry so far. `whole`: it was recognised as the entry's
   * program, so that its command line does not matter any more.
   */
  | { readonly kind: "watch"; readonly key: string; readonly process: ProcessIdentity; readonly whole: boolean }
  | { readonly kind: "unwatch"; readonly key: string }
  | {
      readonly kind: "run";
      readonly key: string;
      readonly run: number;
      readonly stage: Stage;
      readonly command: string;
      readonly asRoot: boolean;
      readonly timeoutMs: number;
    }
  /** Ask how the system is and, if a unit is named, the unit. */
  | { readonly kind: "askSystemd"; readonly key: string; readonly unit: string | undefined };
