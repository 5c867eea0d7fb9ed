import type { Logger } from "../src/system/log.ts";

/** Prints a line. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const ignore = (): void => undefined;

/** A log that prints everything but debugging. */
export const printLog: Logger = {
  debug: ignore,
  info: print,
  warning: print,
  error: print,
  critical: print,
  named: () => printLog,
};

/** Aborts at Ctrl-C or SIGTERM. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}
