import type { Monitor } from "../monitor/contract.ts";
import { LiveSettings } from "../monitor/live-settings.ts";
import type { Conditions } from "../status/conditions.ts";
import { readBootId } from "../system/boot-id.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import type { ExitCalls } from "../system/pidfd.ts";
import { openProcTable, type ProcTable } from "../system/proc-table.ts";
import { act } from "./act.ts";
import { decisions } from "./decisions.ts";
import type { LoadProcessList } from "./list-watch.ts";
import { Looks } from "./looks.ts";
import type { ProcessEffect, ProcessObservation, ProcessSettings } from "./observation.ts";
import { OwnCommands } from "./own-commands.ts";
import { readPauses } from "./pauses.ts";
import { kept, restoreState } from "./saved-state.ts";
import { sense } from "./sense.ts";
import { initialState, type ProcessState } from "./state.ts";
import { SudoRights } from "./sudo-rights.ts";
import { Systemd, whyNoSystemd } from "./systemd.ts";
import { WatchedProcesses } from "./watched-processes.ts";

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
  /** Where to show whether the process list and the process table can be used. */
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

const WITHOUT_SYSTEMD = "its restarts of a service and a shutdown of the host count as failures of the processes";

/** Watches the processes of the list, restarts what dies, and notifies Masakari when that does not help. */
export function processMonitor(given: ProcessMonitorParts): ProcessMonitor {
  const { clock, log, conditions, statePath } = given;
  const table = given.table ?? openProcTable();
  const bootId = () => given.bootId ?? readBootId();
  const pauses =
    statePath === undefined
      ? undefined
      : () => (given.readPauses ?? readPauses)({ statePath, now: clock.now(), bootId: bootId() });
  const watched = new WatchedProcesses(table, clock);
  const commands = new OwnCommands();
  const common = { table, clock, log, conditions, self: process.pid, watched };
  const looks = new Looks({ ...common, commands: commands.pids, pauses });
  const systemd = given.systemd ?? new Systemd({ clock, log, conditions, ...commands.hooks });
  const sudoRights = new SudoRights({ clock, log, conditions, ...commands.hooks });
  const settings = new LiveSettings(given.settings, clock);
  let { processListPath } = given;
  let notedSystemd = false;
  const hasSystemd = (): boolean => {
    if (given.systemd !== undefined) return given.systemd.present;
    const why = whyNoSystemd();
    if (why !== undefined && !notedSystemd) log.info(`systemd cannot be queried (${why}): ${WITHOUT_SYSTEMD}`);
    notedSystemd ||= why !== undefined;
    return why === undefined;
  };
  return {
    name: "processmonitor",
    initial: initialState,
    kept,
    restore: restoreState,
    ...decisions,
    // A command that is under way goes on, and its result counts.
    outlastSensing: ["run"],
    sense(observe, signal) {
      const parts = {
        ...common,
        looks,
        list: { load: given.loadProcessList, clock, log, conditions },
        bootId: bootId(),
        systemd: hasSystemd(),
        settings: () => settings.current,
        listPath: () => processListPath,
        exitCalls: given.exitCalls,
        sudoRights,
      };
      return settings.during(observe, () => sense(parts, observe, signal));
    },
    silenceLimitMs: () => (looks.canRead ? settings.current.check_interval * 1000 + SLOWEST_LOOK_MS : undefined),
    act: (effect, observe, signal) =>
      act(
        effect,
        {
          ...common,
          looks,
          commands,
          systemd,
          serviceOf: given.serviceOf,
          shadow: settings.current.shadow ?? false,
        },
        observe,
        signal,
      ),
    reload(next, nextListPath) {
      processListPath = nextListPath;
      settings.change(next);
    },
  };
}
