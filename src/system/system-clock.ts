import type { Clock, Instant, Timer } from "./clock.ts";

/** The longest delay that Node's setTimeout takes; beyond it, it would fire at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * ms since boot. process.hrtime is CLOCK_MONOTONIC, so the value can be compared over process restarts in one boot; and
 * `performance` would load ten modules of Node's.
 */
export function monotonic(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

function setTimer(delayMs: number, callback: () => void): Timer {
  const due = monotonic() + delayMs;
  let timeout: NodeJS.Timeout | undefined;
  const arm = (remaining: number): void => {
    timeout = setTimeout(fire, Math.min(Math.ceil(remaining), LONGEST_TIMEOUT_MS));
  };
  const fire = (): void => {
    // Node counts in whole milliseconds of the loop's time and so may come up to one too early.
    const remaining = due - monotonic();
    if (remaining > 0) arm(remaining);
    else callback();
  };
  arm(Math.max(0, delayMs));
  return { cancel: () => clearTimeout(timeout) };
}

function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal.reason);
    };
    const timer = setTimer(delayMs, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

function now(): Instant {
  return { wall: Date.now(), mono: monotonic() };
}

/** The clock of this host. */
export const systemClock: Clock = { now, setTimer, sleep };
