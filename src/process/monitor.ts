import type { Monitor } from "../monitor/contract.ts";
import { ofEach } from "../monitor/kept.ts";
import { LiveSettings } from "../monitor/live-settings.ts";
import type { Conditions } from "../status/conditions.ts";
import { readBootId } from "../system/boot-id.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import type { ExitCalls } from "../system/pidfd.ts";
import { openProcTable, type ProcTable } from "../system/proc-table.ts";
import { act, hooks } from "./act.ts";
import { decide } from "./decide.ts";
import { closedEyes } from "./eyes.ts";
import type { LoadProcessList } from "./list-watch.ts";
import type { ProcessEffect, ProcessObservation, ProcessSettings } from "./observation.ts";
import { readPauses } from "./pauses.ts";
import { kept, restoreState } from "./saved-state.ts";
import { sense } from "./sense.ts";
import { initialState, type ProcessState } from "./state.ts";
import { subjectOf } from "./subjects.ts";
import { SudoRights } from "./sudo-rights.ts";
import { Systemd, systemdIsPresent } from "./systemd.ts";

/** A look at the process table takes milliseconds, on the busiest host seconds. */
const SLOWEST_LOOK_MS = 60_000;

export interface ProcessMonitorParts {
  readonly settings: ProcessSettings;
  readonly processListPath: string;
  readonly loadProcessList: LoadProcessList;
  /** `[DEFAULT] state_path`, where pauses are; there are none if absent. */
  readonly statePath?: string;
  /** Reads them in another way than on this thread. */
  readonly readPauses?: typeof readPauses;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where to say whether the process list and the process table can be used. */
  readonly conditions?: Conditions | undefined;
  /** Another view of the processes, boot and system calls, in tests. */
  readonly table?: ProcTable;
  readonly bootId?: string;
  readonly exitCalls?: () => ExitCalls;
  readonly systemd?: { readonly present: boolean } & Pick<Systemd, "ask">;
  readonly serviceOf?: (pid: number | "self") => string | undefined;
}

/** The process monitor, which also takes new settings while it runs. */
export interface ProcessMonitor extends Monitor<ProcessState, ProcessObservation, ProcessEffect> {
  /**
   * At SIGHUP: the settings from now on, and another process list within check_interval. Waits that have begun keep their length.
   */
  reload(settings: ProcessSettings, processListPath: string): void;
}

/** Watches the processes of the list, restarts what dies, and has Masakari told when that does not help. */
export function processMonitor(given: ProcessMonitorParts): ProcessMonitor {
  const { clock, log, conditions } = given;
  const eyes = closedEyes();
  const table = given.table ?? openProcTable();
  const { statePath } = given;
  const pauses =
    statePath === undefined
      ? undefined
      : () => (given.readPauses ?? readPauses)({ statePath, now: clock.now(), bootId: given.bootId ?? readBootId() });
  const parts = { table, clock, log, conditions, self: process.pid, pauses };
  const systemd = given.systemd ?? new Systemd({ clock, log, conditions, ...hooks(eyes) });
  const sudoRights = new SudoRights({ clock, log, conditions, ...hooks(eyes) });
  const settings = new LiveSettings(given.settings, clock);
  let { processListPath } = given;
  return {
    name: "processmonitor",
    initial: initialState,
    kept,
    restore: restoreState,
    subjects: ofEach((state) => state.entries, subjectOf),
    decide,
    // A command that is under way goes on, and its result decides.
    outlastSensing: ["run"],
    sense(observe, signal) {
      const senseParts = {
        ...parts,
        list: { load: given.loadProcessList, clock, log, conditions },
        bootId: given.bootId ?? readBootId(),
        systemd: given.systemd?.present ?? systemdIsPresent(),
        settings: () => settings.current,
        listPath: () => processListPath,
        exitCalls: given.exitCalls,
        sudoRights,
      };
      return settings.during(observe, () => sense(eyes, senseParts, observe, signal));
    },
    silenceLimitMs: () => (eyes.blind ? undefined : settings.current.check_interval * 1000 + SLOWEST_LOOK_MS),
    act: (effect, observe, signal) =>
      act(effect, eyes, { ...parts, systemd, serviceOf: given.serviceOf }, observe, signal),
    reload(next, nextListPath) {
      processListPath = nextListPath;
      settings.change(next);
    },
  };
}
