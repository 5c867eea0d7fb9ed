import { pythonPattern } from "../config/python-pattern.ts";
import type { Monitor } from "../monitor/contract.ts";
import { LiveSettings } from "../monitor/live-settings.ts";
import type { Conditions } from "../status/conditions.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { act } from "./act.ts";
import { decisions } from "./decisions.ts";
import type { IntrospectiveEffect, IntrospectiveObservation, IntrospectiveSettings } from "./observation.ts";
import { kept, restoreState } from "./saved-state.ts";
import { sense } from "./sense.ts";
import { noSession } from "./session.ts";
import { type IntrospectiveState, initialState } from "./state.ts";

export interface IntrospectiveMonitorParts {
  readonly settings: IntrospectiveSettings;
  /** `[introspectiveinstancemonitor] qemu_guest_agent_sock_path`. */
  readonly agentPath: string;
  /** `[libvirt] connection_uri`; must lead to libvirt's read-write socket. */
  readonly uri: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly bootId: string;
  /** Where the state of the connection to libvirt is shown. */
  readonly conditions?: Conditions | undefined;
}

/** As the instance monitor's: what Masakari does for a guest goes through this host's libvirt. */
const CATCH_UP_MS = 600_000;

/** The introspective instance monitor, which also takes new settings while it runs. */
export interface IntrospectiveMonitor
  extends Monitor<IntrospectiveState, IntrospectiveObservation, IntrospectiveEffect> {
  /** At SIGHUP: the settings from now on. With another path pattern all guests are looked at again. */
  reload(settings: IntrospectiveSettings, agentPath: string): void;
}

/**
 * Pings the guest agents of this host's guests, and notifies Masakari of a guest that answered once and no longer does.
 * @throws PythonPatternError
 */
export function introspectiveMonitor(given: IntrospectiveMonitorParts): IntrospectiveMonitor {
  const { clock, log, uri, bootId, conditions } = given;
  const session = noSession();
  const settings = new LiveSettings(given.settings, clock);
  let { agentPath } = given;
  let pattern = pythonPattern(agentPath);
  return {
    name: "introspectiveinstancemonitor",
    initial: initialState,
    catchUpWithinMs: CATCH_UP_MS,
    kept,
    restore: restoreState,
    ...decisions,
    sense(observe, signal) {
      const parts = { clock, log, uri, bootId, conditions, settings: () => settings.current, pattern: () => pattern };
      return settings.during(observe, () => sense(session, parts, observe, signal));
    },
    act: (effect, observe, signal) => act(effect, session, { clock, log, pattern: () => pattern }, observe, signal),
    reload(next, nextPath) {
      settings.change(next);
      if (nextPath === agentPath) return;
      agentPath = nextPath;
      pattern = pythonPattern(nextPath);
      // A survey that fails is a connection that ends, and another survey.
      session.survey?.().catch((error: Error) => log.warning(`Looking up the guests again failed: ${error.message}`));
    },
  };
}
