import type { Monitor } from "../monitor/contract.ts";
import { LiveSettings } from "../monitor/live-settings.ts";
import type { Conditions } from "../status/conditions.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { act } from "./act.ts";
import { decisions } from "./decisions.ts";
import type { InstanceEffect, InstanceObservation, InstanceSettings } from "./observation.ts";
import { whyUnreadable } from "./qemu-log.ts";
import { kept, restoreState } from "./saved-state.ts";
import { LOOK_EVERY_MS, sense } from "./sense.ts";
import { noSession } from "./session.ts";
import { type InstanceState, initialState } from "./state.ts";

/** Longer than libvirt's calls may take until they time out, one after the other. */
const SLOWEST_LOOK_MS = 120_000;

export interface InstanceMonitorParts {
  readonly settings: InstanceSettings;
  /** `[libvirt] connection_uri` */
  readonly connectionUri: string;
  readonly bootId: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where the state of the connection to libvirt is shown. */
  readonly conditions?: Conditions | undefined;
}

/**
 * Whatever Masakari does for a guest goes through this host's libvirt. A notification while libvirt is away helps nobody,
 * and would stop and start a guest that somebody has started again meanwhile; but it must be sent some day.
 */
const CATCH_UP_MS = 600_000;

/** The instance monitor, which also takes new settings while it runs. */
export interface InstanceMonitor extends Monitor<InstanceState, InstanceObservation, InstanceEffect> {
  /** At SIGHUP: the settings from now on. */
  reload(settings: InstanceSettings): void;
}

/** Follows libvirt's events and notifies Masakari of what happens to the guests of this host. */
export function instanceMonitor(given: InstanceMonitorParts): InstanceMonitor {
  const { clock } = given;
  const session = noSession();
  const settings = new LiveSettings(given.settings, clock);
  return {
    name: "instancemonitor",
    initial: initialState,
    catchUpWithinMs: CATCH_UP_MS,
    kept,
    restore: restoreState,
    ...decisions,
    async sense(observe, signal) {
      try {
        void warnOfUnreadableLogs(settings.current.qemu_log_directory, given.log);
        const parts = { ...given, settings: () => settings.current };
        await settings.during(observe, () => sense(session, parts, observe, signal));
      } finally {
        session.connection = undefined;
      }
    },
    silenceLimitMs: () => (session.connection === undefined ? undefined : LOOK_EVERY_MS + SLOWEST_LOOK_MS),
    act: (effect, observe, signal) =>
      act(effect, session, { clock, logDirectory: () => settings.current.qemu_log_directory }, observe, signal),
    reload: (next) => settings.change(next),
  };
}

/** Beforehand, since it shows otherwise only when it matters. */
async function warnOfUnreadableLogs(directory: string, log: Logger): Promise<void> {
  const why = await whyUnreadable(directory);
  if (why === undefined) return;
  log.warning(
    `QEMU's logs in ${directory} ([instancemonitor] qemu_log_directory) cannot be read (${why}): a guest that dies at the ` +
      "moment when libvirtd is stopped cannot be distinguished from one that was shut down, and is not reported",
  );
}
