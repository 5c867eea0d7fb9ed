/** One line of the log, as every format below sees it. */
export interface LogRecord {
  /** ms since the Unix epoch. */
  readonly time: number;
  /** Pino's number: 20 debug, 30 info, 40 warning, 50 error, 60 critical. */
  readonly level: number;
  readonly name: string;
  readonly message: string;
}

interface LevelWords {
  /** Python's `levelname`, which operators' grep and alert rules know. */
  readonly name: string;
  /** Python's `levelno`. */
  readonly number: number;
  /** syslog's severity (RFC 5424), also journald's PRIORITY. */
  readonly severity: number;
}

const words: Readonly<Record<number, LevelWords>> = {
  20: { name: "DEBUG", number: 10, severity: 7 },
  30: { name: "INFO", number: 20, severity: 6 },
  40: { name: "WARNING", number: 30, severity: 4 },
  50: { name: "ERROR", number: 40, severity: 3 },
  60: { name: "CRITICAL", number: 50, severity: 2 },
};

/** What Python and syslog call a level. */
export function levelWords(level: number): LevelWords {
  return words[level] ?? { name: "INFO", number: 20, severity: 6 };
}
