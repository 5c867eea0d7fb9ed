import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { messageOf } from "../system/message-of.ts";
import type { Progress } from "./progress.ts";

export interface SupervisorParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly progress: Progress;
}

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 60_000;
/** A run that held so long was a good one: the next failure begins with the first delay again. */
const GOOD_RUN_MS = 120_000;
/** How long a run whose signal has aborted may take to end. */
const END_GRACE_MS = 10_000;

/** One run of sensing. `restart` ends it and starts the next one. */
export type Run = (signal: AbortSignal, restart: (error: unknown) => void) => Promise<void>;

/**
 * Keeps `run` going until the signal aborts: whether it throws, returns early or asks for it, it is started again after a
 * delay that doubles up to a minute. Resolves after the abort, when the last run has ended or was abandoned.
 */
export async function supervise(name: string, run: Run, parts: SupervisorParts, signal: AbortSignal): Promise<void> {
  const { clock, log, progress } = parts;
  let delayMs = FIRST_DELAY_MS;
  while (!signal.aborted) {
    const began = clock.now();
    progress.sensingSince = began;
    const failure = await runOnce(name, run, parts, signal);
    progress.sensingSince = undefined;
    if (signal.aborted) return;
    progress.restarts += 1;
    progress.lastFailure = { at: clock.now(), reason: failure };
    if (clock.now().mono - began.mono >= GOOD_RUN_MS) delayMs = FIRST_DELAY_MS;
    log.error(`${name}: sensing failed: ${failure}; restarting in ${delayMs / 1000} s (restart ${progress.restarts})`);
    await clock.sleep(delayMs, signal).catch(() => undefined);
    delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
  }
}

/** @returns why the run ended */
async function runOnce(name: string, run: Run, parts: SupervisorParts, signal: AbortSignal): Promise<string> {
  const controller = new AbortController();
  const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<string>();
  const grace = new AbortController();
  const end = (reason: unknown): void => {
    if (controller.signal.aborted) return;
    controller.abort(reason);
    parts.clock.sleep(END_GRACE_MS, grace.signal).then(
      () => {
        parts.log.error(
          `${name}: abandoned a sensing run that was still running ${END_GRACE_MS / 1000} s after its end`,
        );
        giveUp(messageOf(reason));
      },
      () => undefined,
    );
  };
  const onAbort = (): void => end(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([givenUp, ended(run, controller.signal, end)]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    grace.abort();
    // A run that was abandoned, or has ended, can observe nothing any more.
    controller.abort();
  }
}

async function ended(run: Run, signal: AbortSignal, restart: (error: unknown) => void): Promise<string> {
  try {
    await run(signal, restart);
    return signal.aborted ? messageOf(signal.reason) : "it ended by itself";
  } catch (error) {
    return signal.aborted ? messageOf(signal.reason) : messageOf(error);
  }
}
