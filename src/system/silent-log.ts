import type { Logger } from "./log.ts";

const silent = (): void => undefined;

/** For commands, whose result is what they print. */
export const silentLog: Logger = {
  debug: silent,
  info: silent,
  warning: silent,
  error: silent,
  critical: silent,
  named: () => silentLog,
};
