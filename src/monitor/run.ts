import type { Dispatcher } from "../notify/dispatcher.ts";
import type { Outbox } from "../notify/outbox.ts";
import type { Store } from "../notify/store.ts";
import type { Conditions } from "../status/conditions.ts";
import type { Clock, Timer } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { countOf } from "../system/plural.ts";
import type { Monitor, OwnEffect } from "./contract.ts";
import { Loop } from "./loop.ts";
import { noProgress, type Progress } from "./progress.ts";
import type { Recorder } from "./recording/recorder.ts";
import { supervise } from "./supervisor.ts";

export interface MonitorParts {
  /** Opened. */
  readonly store: Store;
  readonly outbox: Outbox;
  readonly dispatcher: Pick<Dispatcher, "run">;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where to record how it is doing; read it for status and watchdog. */
  readonly progress?: Progress;
  /** Where what `decide` finds wrong goes. */
  readonly conditions?: Conditions;
  /** Records what is observed and decided. */
  readonly recorder?: Recorder | undefined;
  /** Called once: sensing has begun, and its first observation is decided. */
  readonly onBegun?: () => void;
}

/** A monitor that has not looked at the world by then will not soon, and what it has seen before is still owed. */
const CATCH_UP_MS = 60_000;
/** What effects under way are given to finish when the program stops. */
const STOP_GRACE_MS = 5000;

/**
 * Runs one monitor and the delivery of its notifications until the signal aborts. Resolves when both have come to rest,
 * within a bounded time; the store can be closed then. Nothing that the monitor or the API does makes it reject.
 */
export async function runMonitor<State, Observation, Effect extends OwnEffect>(
  monitor: Monitor<State, Observation, Effect>,
  parts: MonitorParts,
  signal: AbortSignal,
): Promise<void> {
  const progress = parts.progress ?? noProgress();
  const { clock, log } = parts;
  let { onBegun } = parts;
  let restart: (error: unknown) => void = () => undefined;
  const loop = new Loop(monitor, { ...parts, progress }, signal, (error) => restart(error));
  loop.start();
  const holding = holdLeftovers(monitor, parts);
  // First, so that what this run observes is sent at once; what earlier runs left waits for the monitor's first look.
  const dispatching = parts.dispatcher.run(signal);
  const sensing = supervise(
    monitor.name,
    (runSignal, restartRun) => {
      restart = restartRun;
      const observeInRun = loop.begin(runSignal);
      const observe = (observation: Observation): void => {
        if (runSignal.aborted) return;
        observeInRun(observation);
        onBegun?.();
        onBegun = undefined;
      };
      return monitor.sense(observe, runSignal);
    },
    { clock, log, progress },
    signal,
  );
  await Promise.all([dispatching, sensing]);
  holding.cancel();
  const grace = new AbortController();
  const late = clock.sleep(STOP_GRACE_MS, grace.signal).then(
    () => log.warning(`${monitor.name}: abandoned actions still running after ${STOP_GRACE_MS / 1000} s`),
    () => undefined,
  );
  await Promise.race([loop.settled(), late]);
  grace.abort();
}

/** Ensures that what earlier runs left is sent some day, even if the monitor never finds out whether it is still true. */
function holdLeftovers(
  monitor: { readonly name: string; readonly catchUpWithinMs?: number },
  { clock, outbox, log }: MonitorParts,
): Timer {
  const withinMs = monitor.catchUpWithinMs ?? CATCH_UP_MS;
  return clock.setTimer(withinMs, () => {
    const { heldBack } = outbox;
    if (heldBack > 0) {
      log.warning(
        `${monitor.name} could not check for ${withinMs / 1000} s whether what an earlier run left undelivered is still ` +
          `true; sending ${countOf(heldBack, "notification")} as last known`,
      );
    }
    outbox.takeUpLeftovers();
  });
}
