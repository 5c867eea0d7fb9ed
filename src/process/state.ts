import type { ProcessEntry } from "../config/process-entry.ts";
import { type CommonState, initialCommonState } from "../monitor/decision.ts";
import { SubjectMap } from "../monitor/subject-map.ts";
import type { Instant } from "../system/clock.ts";
import type { ProcessIdentity } from "../system/proc-table.ts";
import type { ProcessSettings, Stage } from "./observation.ts";
import type { Pause } from "./pauses.ts";
import type { SavedEntry } from "./saved-entry.ts";

/** When a failure was notified. */
export interface NotifiedAt extends Instant {
  /** `[notifications] shadow` was set: it was recorded, and Masakari never receives it. */
  readonly inShadow?: boolean | undefined;
}

/**
 * What one entry is doing. `notifiedAt` is when its failure was notified, kept while start_command is tried once more after the
 * monitor's own restart, so that a failure is never notified twice.
 */
export type Phase =
  /** Not looked at since the monitor started or the entry was added. */
  | {
      readonly name: "unchecked";
      readonly notifiedAt: NotifiedAt | undefined;
      /** What an earlier run watched in this boot. While it lives it is the entry's, whatever it shows by now. */
      readonly process?: ProcessIdentity | undefined;
    }
  /** The start commands run; `succeeded` is false once one of them has failed. `run` as in `restarting`. */
  | {
      readonly name: "starting";
      /** Since when it is known to be down. */
      readonly since: Instant;
      readonly stage: Stage;
      readonly run: number | undefined;
      readonly succeeded: boolean;
      readonly notifiedAt: NotifiedAt | undefined;
    }
  | {
      readonly name: "up";
      readonly process: ProcessIdentity;
      /** The restart round that brought it up, 0 for none: a death before `provenAt` (mono) continues with the next one. */
      readonly afterRound: number;
      readonly provenAt: number;
      /** When the failure began that this is the recovery of; undefined if there was none. */
      readonly downSince: Instant | undefined;
    }
  /** Its process is gone; systemd or another supervisor has until `until` (mono) to bring it back. */
  | {
      readonly name: "settling";
      readonly since: Instant;
      readonly until: number;
      readonly pid: number | undefined;
      readonly afterRound: number;
      /** A look after the death found no other process either. */
      readonly confirmed: boolean;
      /** Since when it has not been up for longer than a moment. */
      readonly downSince: Instant;
    }
  /** The next step is due, and systemd is being asked whether there is an obstacle to it. */
  | { readonly name: "asking"; readonly due: Due }
  /** The next step is postponed for `due.reason`: it is considered again at `until` (mono). */
  | { readonly name: "postponed"; readonly due: Due; readonly until: number }
  /** The reason for which the next step was postponed is over; the process has until `until` (mono) to appear. */
  | { readonly name: "settlingAgain"; readonly due: Due; readonly until: number }
  /** systemd has shown at `clearedAt` (mono) that there is no obstacle to the next step; one more look decides. */
  | { readonly name: "cleared"; readonly due: Due; readonly clearedAt: number }
  /** `run` is undefined for a command that begins if one more look finds nothing: the one before it took its time. */
  | {
      readonly name: "restarting";
      readonly since: Instant;
      readonly round: number;
      readonly stage: Stage;
      readonly run: number | undefined;
    }
  /** The commands of a round (0: of the start) have ended; the process has until `until` (mono) to appear. */
  | {
      readonly name: "verifying";
      readonly since: Instant;
      readonly round: number;
      readonly succeeded: boolean;
      readonly endedAt: number;
      readonly until: number;
      readonly notifiedAt: NotifiedAt | undefined;
    }
  /** `round` has failed; the next one begins at `until` (mono). */
  | { readonly name: "waiting"; readonly since: Instant; readonly round: number; readonly until: number }
  /** All rounds failed and Masakari is notified, or would be without shadow mode. Only the process itself ends this. */
  | { readonly name: "failed"; readonly notifiedAt: NotifiedAt };

export type PhaseName = Phase["name"];

/** What is due for an entry that is down. */
export type NextStep =
  | { readonly kind: "start" }
  | { readonly kind: "round"; readonly round: number }
  | { readonly kind: "give up" };

/**
 * The next step for an entry that is down. It is taken as soon as there is no obstacle to it: systemd at work on the unit, the
 * boot, a shutdown, a pause.
 */
export interface Due {
  /** Since when the entry is down. */
  readonly since: Instant;
  readonly next: NextStep;
  readonly notifiedAt: NotifiedAt | undefined;
  /** When `next` became due (mono). */
  readonly dueAt: number;
  /** Why it is postponed, for the log and `status`; undefined if it is not. */
  readonly reason: string | undefined;
  /** What it was postponed for makes another round worth trying before the entry is given up. */
  readonly repeatRound: boolean;
  /** What it was postponed for leaves a process that may be about to appear. */
  readonly settleAfter: boolean;
}

export interface EntryState {
  readonly key: string;
  readonly entry: ProcessEntry;
  /** What was found last: the program, or a process that only contains its name. */
  readonly foundAs: "nothing" | "partial" | "whole";
  /** It has been up since this host was booted. */
  readonly upSinceBoot: boolean;
  /** The systemd service that its process was found to belong to. */
  readonly foundUnit: string | undefined;
  readonly phase: Phase;
}

/** An entry that is in this phase. */
export type EntryIn<Name extends PhaseName> = EntryState & {
  readonly phase: Extract<Phase, { readonly name: Name }>;
};

export interface ProcessState extends CommonState<ProcessSettings> {
  /** Monotonic ms. */
  readonly bootedAt: number;
  readonly systemd: {
    readonly present: boolean;
    /** It has been asked successfully in this run. */
    readonly responds: boolean;
  };
  /** Planned work on entries, by their keys. Files keep it over restarts. */
  readonly pauses: ReadonlyMap<string, Pause>;
  /** By key, in the order of the list. */
  readonly entries: SubjectMap<EntryState>;
  /** Of `entries`: those whose next step is postponed, and why. */
  readonly postponed: SubjectMap<string>;
  /** Of `entries`: those of which it is not known yet whether what an earlier run has notified is still true. */
  readonly unconfirmed: SubjectMap<true>;
  /** What an earlier run saved, until the first `started`. */
  readonly saved: SubjectMap<SavedEntry>;
}

export const initialState: ProcessState = {
  ...initialCommonState,
  bootedAt: 0,
  systemd: { present: false, responds: false },
  pauses: new Map(),
  entries: new SubjectMap(),
  postponed: new SubjectMap(),
  unconfirmed: new SubjectMap(),
  saved: new SubjectMap(),
};

/** When the failure of an entry in this phase was notified, if it is not over. */
export function notifiedAtOf(phase: Phase): NotifiedAt | undefined {
  if ("due" in phase) return phase.due.notifiedAt;
  return "notifiedAt" in phase ? phase.notifiedAt : undefined;
}

/** Since when an entry in this phase is down, where that is known. */
export function downSinceOf(phase: Phase): Instant | undefined {
  if ("due" in phase) return phase.due.since;
  return "since" in phase ? phase.since : undefined;
}

/** Why the next step of an entry in this phase is postponed; undefined if it is not. */
export function postponedReasonOf(phase: Phase): string | undefined {
  return "due" in phase ? phase.due.reason : undefined;
}
