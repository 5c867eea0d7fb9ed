/**
 * What every room logs through. One call is one line; the writer (`system/logging/`) adds time, level and name.
 * A secret never goes in: callers log what they did, not what they were configured with.
 */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warning(message: string): void;
  error(message: string): void;
  critical(message: string): void;
  /** The same log under `name`, e.g. `masakarimonitors.process`, as oslo.log's logger names are shown. */
  named(name: string): Logger;
}
