import { statSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../log.ts";
import { jsonFormat, textFormat } from "./format.ts";
import { logFileOperations, type OpenLogFile } from "./log-file.ts";
import { LEVELS, type Level, type LogRecord, ROOT_NAME } from "./record.ts";
import { fileSink, journalSink, type LogSink, stderrSink, syslogSink } from "./sinks.ts";

/** oslo.log's options as far as they mean something here; the names are those of the configuration file. */
export interface LogOptions {
  readonly debug: boolean;
  readonly log_file: string | undefined;
  readonly log_dir: string | undefined;
  readonly log_date_format: string;
  readonly logging_default_format_string: string;
  readonly use_syslog: boolean;
  readonly syslog_log_facility: string;
  readonly use_journal: boolean;
  readonly use_json: boolean;
  readonly use_stderr: boolean;
  readonly watch_log_file: boolean;
}

export interface OpenLog {
  readonly log: Logger;
  /** For SIGHUP and logrotate. */
  reopen(): void;
  /** Writes out what is buffered, for a program that dies now. */
  flush(): void;
  /** Resolves when every line has been written, or after a second: call it last. */
  drained(): Promise<void>;
}

const quiet = (value: string | undefined): string | undefined => (value === "" ? undefined : value);

function openSinks(
  program: string,
  options: LogOptions,
  openLogFile: OpenLogFile,
): { sinks: LogSink[]; complaints: string[] } {
  const text = options.use_json
    ? jsonFormat(options.log_date_format)
    : textFormat(options.logging_default_format_string, options.log_date_format);
  let sink: LogSink | undefined;
  const stderr = (): LogSink => {
    sink ??= stderrSink(text);
    return sink;
  };
  const sinks: LogSink[] = [];
  const complaints: string[] = [];
  const attempt = (what: string, open: () => LogSink): void => {
    try {
      sinks.push(open());
    } catch (error) {
      complaints.push(`${what} cannot be used (${(error as Error).message}); logging to standard error instead`);
    }
  };
  const file = quiet(options.log_file) ?? (quiet(options.log_dir) && `${program}.log`);
  if (file !== undefined) {
    const path = quiet(options.log_dir) === undefined ? file : join(options.log_dir ?? "", file);
    attempt(`log file ${path}`, () => fileSink(path, text, options.watch_log_file, openLogFile));
    if (isNamedPipe(path)) stderr().write(unreadPipe(path));
  }
  if (options.use_syslog) attempt("syslog", () => syslogSink(program, options.syslog_log_facility, text, stderr()));
  if (options.use_journal) attempt("the journal", () => journalSink(program, stderr()));
  // As oslo.log does: standard error when asked for, and when there is nothing else.
  if (options.use_stderr || sinks.length === 0) sinks.push(stderr());
  return { sinks, complaints };
}

const isNamedPipe = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFIFO() === true;

/** In the pipe itself nobody would see it. */
function unreadPipe(path: string): LogRecord {
  const message = `The log file ${path} is a named pipe: while it is not being read, lines beyond 1 MiB are dropped`;
  return { time: Date.now(), level: LEVELS.warning, name: ROOT_NAME, message };
}

/**
 * Opens a program's log as configured. A destination that cannot be had is replaced by standard error, with
 * a line about that: a monitor without a log is better than a host without a monitor.
 * @param openLogFile tries whether the file can be opened, for callers that must not wait for a disk that hangs
 * @param program e.g. `masakari-processmonitor`: names the file in `log_dir` and the syslog identifier
 */
export function openLog(
  program: string,
  options: LogOptions,
  openLogFile: OpenLogFile = logFileOperations.openLogFile,
): OpenLog {
  const { sinks, complaints } = openSinks(program, options, openLogFile);
  const under = (name: string): Logger => {
    const at = (level: Level) => (message: string) => {
      const record: LogRecord = { time: Date.now(), level, name, message };
      for (const sink of sinks) sink.write(record);
    };
    return {
      debug: options.debug ? at(LEVELS.debug) : () => undefined,
      info: at(LEVELS.info),
      warning: at(LEVELS.warning),
      error: at(LEVELS.error),
      critical: at(LEVELS.critical),
      named: under,
    };
  };
  const log = under(ROOT_NAME);
  for (const complaint of complaints) log.error(complaint);
  return {
    log,
    reopen: () => {
      for (const sink of sinks) sink.reopen();
    },
    flush: () => {
      for (const sink of sinks) sink.flush();
    },
    async drained() {
      await Promise.all(sinks.map((sink) => sink.drained()));
    },
  };
}
