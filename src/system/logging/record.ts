/** The logger name of lines that belong to no monitor. */
export const ROOT_NAME = "masakarimonitors";

/** How severe a line is, in the words of those who read it. */
export interface Level {
  /** Python's `levelname`, which operators' grep and alert rules know. */
  readonly name: string;
  /** Python's `levelno`. */
  readonly number: number;
  /** syslog's severity (RFC 5424), also journald's PRIORITY. */
  readonly severity: number;
}

export const LEVELS = {
  debug: { name: "DEBUG", number: 10, severity: 7 },
  info: { name: "INFO", number: 20, severity: 6 },
  warning: { name: "WARNING", number: 30, severity: 4 },
  error: { name: "ERROR", number: 40, severity: 3 },
  critical: { name: "CRITICAL", number: 50, severity: 2 },
} as const satisfies Readonly<Record<string, Level>>;

/** One line of the log, as every format gets it. */
export interface LogRecord {
  /** ms since the Unix epoch. */
  readonly time: number;
  readonly level: Level;
  readonly name: string;
  readonly message: string;
}
