import type { Monitor, Observe } from "../monitor/contract.ts";
import { LiveSettings } from "../monitor/live-settings.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { act } from "./act.ts";
import { masakariName } from "./decide/context.ts";
import { decisions } from "./decisions.ts";
import type { HostDriver } from "./driver.ts";
import type { FencingDevice, PowerResult } from "./fencing-device.ts";
import type { AskNova, HostApi } from "./host-api.ts";
import type { HostEffect, HostMonitorObservation, HostSettings, Orders } from "./observation.ts";
import { Pulse } from "./pulse.ts";
import { kept, restore } from "./saved-state.ts";
import { sense } from "./sense.ts";
import { type HostsState, initialState } from "./state.ts";

/** Longer than all calls of a look may take until they time out, one after the other. */
const SLOWEST_LOOK_MS = 120_000;
/** What an earlier run owes is about other hosts, which may be up again: it is compared with a look first. */
const CATCH_UP_MS = 600_000;

export interface HostMonitorParts {
  readonly settings: HostSettings;
  readonly driver: HostDriver;
  readonly api: HostApi;
  readonly askNova: AskNova;
  readonly checkPower: (device: FencingDevice, signal: AbortSignal) => Promise<PowerResult>;
  readonly readOrders: () => Promise<Orders>;
  /** As in `SenseParts`. */
  readonly checkWitness?: ((hostnames: readonly string[], signal: AbortSignal) => Promise<void>) | undefined;
  /** As in `SenseParts`. */
  readonly segmentsEveryMs: () => number;
  /** As in `SenseParts`. */
  readonly random?: (() => number) | undefined;
  readonly bootId: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The host monitor, which also takes new settings while it runs. */
export interface HostMonitor extends Monitor<HostsState, HostMonitorObservation, HostEffect> {
  /** At SIGHUP: the settings from now on. */
  reload(settings: HostSettings): void;
}

/** Watches which hosts of the cluster are up, by the driver, and notifies Masakari of those that are proven to be down. */
export function hostMonitor(parts: HostMonitorParts): HostMonitor {
  const { clock, bootId } = parts;
  const settings = new LiveSettings(parts.settings, clock);
  /** Undefined while nothing is sensed: it does not beat then. */
  let pulse: Pulse | undefined;
  /** That this program was suspended is observed before anything that shows it. */
  const inOrder =
    (observe: Observe<HostMonitorObservation>): Observe<HostMonitorObservation> =>
    (observation) => {
      const stall = pulse?.beat();
      if (stall !== undefined) observe({ kind: "stalled", ...stall });
      observe(observation);
    };
  const toMasakari = (name: string): string => masakariName(name, settings.current);
  return {
    name: "hostmonitor",
    initial: initialState,
    catchUpWithinMs: CATCH_UP_MS,
    kept,
    restore,
    ...decisions,
    woke(key, at) {
      const stall = pulse?.beat();
      return stall === undefined ? { kind: "woke", at, key } : { kind: "stalled", ...stall, key };
    },
    async sense(observe, signal) {
      const beating = new Pulse(clock);
      pulse = beating;
      try {
        observe({ kind: "started", at: clock.now(), bootId, settings: settings.current });
        await settings.during(observe, () =>
          sense({ ...parts, pulse: beating, masakariName: toMasakari }, inOrder(observe), signal),
        );
      } finally {
        pulse = undefined;
      }
    },
    silenceLimitMs: () => settings.current.monitoring_interval * 1000 + SLOWEST_LOOK_MS,
    act: (effect, observe, signal) => act(effect, parts, inOrder(observe), signal),
    reload: (next) => settings.change(next),
  };
}
