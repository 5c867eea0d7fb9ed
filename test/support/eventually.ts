import { setTimeout as sleep } from "node:timers/promises";

/** Waited for in vain; `doing` is what was waited for, the cause is the last failed look, if it threw. */
export class DeadlineError extends Error {
  readonly code = "DEADLINE";
  constructor(doing: string, ms: number, cause?: unknown) {
    super(`waited ${ms} ms in vain for: ${doing}`, { cause });
  }
}

/**
 * Looks again and again, for what offers no event to wait for: another program's API, its log, /proc.
 * @param look returns undefined (or throws) for "not yet"
 * @param withinMs how long it may take before it is a failure
 */
export async function eventually<T>(
  doing: string,
  withinMs: number,
  look: () => Promise<T | undefined> | T | undefined,
  everyMs = 25,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadline) throw new DeadlineError(doing, withinMs, last);
    await sleep(everyMs);
  }
}

/** The promise's value, or a DeadlineError that names what was waited for. */
export async function within<T>(doing: string, ms: number, promise: Promise<T>): Promise<T> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      promise,
      sleep(ms, undefined, { signal: timer.signal }).then(() => {
        throw new DeadlineError(doing, ms);
      }),
    ]);
  } finally {
    timer.abort();
  }
}
