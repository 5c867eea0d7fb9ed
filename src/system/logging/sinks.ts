import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import sonicBoom from "sonic-boom";
import { printable } from "../printable.ts";
import { openDatagramSender } from "../unix-datagram.ts";
import type { LineFormat } from "./format.ts";
import { type OpenLogFile, openFlags } from "./log-file.ts";
import { NonBlockingWriter, type TryWrite, writeTo, writeToShared } from "./non-blocking.ts";
import { LEVELS, type LogRecord, ROOT_NAME } from "./record.ts";

/** Where lines go. A sink never throws and never makes its caller wait: a log must not stop a monitor. */
export interface LogSink {
  write(record: LogRecord): void;
  /** After a rotation: go on in a new file of the same name. */
  reopen(): void;
  /** Writes out what is buffered, as far as that is possible at once; lines may change places with one being written. */
  flush(): void;
  /** Resolves when what is buffered has been written, or after a second. */
  drained(): Promise<void>;
}

/** Lines that wait for a slow disk; beyond it new ones are dropped, so that memory stays bounded. */
const BUFFER_BYTES = 1 << 20;

/** Where text goes. */
interface Destination {
  write(text: string): void;
  flush(): void;
  drained(): Promise<void>;
  close(): void;
}

/** A regular file: written by a thread, so that a slow disk does not hold up the loop. */
function fileDestination(fd: number): Destination {
  const stream = new sonicBoom.SonicBoom({ fd, sync: false, maxLength: BUFFER_BYTES });
  // A full disk loses lines, never the monitor; the reason would have nowhere to be written.
  stream.on("error", () => undefined);
  let unwritten = false;
  stream.on("drain", () => {
    unwritten = false;
  });
  return {
    write(text) {
      unwritten = true;
      stream.write(text);
    },
    flush() {
      try {
        stream.flushSync();
      } catch {
        // Not open yet, or it cannot be written: there is nowhere to log it.
      }
    },
    drained: async () => {
      if (unwritten) await drain(stream);
    },
    close: () => stream.end(),
  };
}

/** A disk that hangs must not keep the program from ending. */
const DRAIN_MS = 1000;

/** Not by sonic-boom's `flush`, which calls back at once unless it holds lines back on purpose (`minLength`). */
async function drain(stream: { once(event: "drain", listener: () => void): unknown }): Promise<void> {
  await new Promise<void>((resolve) => {
    const late = setTimeout(resolve, DRAIN_MS);
    stream.once("drain", () => {
      clearTimeout(late);
      resolve();
    });
  });
}

function unreadDestination(tryWrite: TryWrite, format: LineFormat, close: () => void): Destination {
  const dropped = (count: number): string => {
    const message = `${count} lines of this log were dropped: it was not being read`;
    return `${format({ time: Date.now(), level: LEVELS.warning, name: ROOT_NAME, message })}\n`;
  };
  const writer = new NonBlockingWriter(tryWrite, dropped);
  return {
    write: (text) => writer.write(text),
    flush: () => writer.flush(),
    drained: () => writer.drained(),
    close,
  };
}

const STDERR = 2;

/** Standard error. */
export function stderrSink(format: LineFormat): LogSink {
  const tryWrite = writeToShared(STDERR);
  const destination =
    tryWrite === undefined ? fileDestination(STDERR) : unreadDestination(tryWrite, format, () => undefined);
  return {
    write: (record) => destination.write(`${format(record)}\n`),
    reopen: () => undefined,
    flush: () => destination.flush(),
    drained: () => destination.drained(),
  };
}

/** @throws the system's error */
function openDestination(path: string, format: LineFormat): Destination {
  const fd = openSync(path, openFlags(path), 0o640);
  return fstatSync(fd).isFile() ? fileDestination(fd) : unreadDestination(writeTo(fd), format, () => closeSync(fd));
}

/**
 * A file, made with its directory if need be.
 * @param openLogFile tries it beforehand
 * @param watch oslo.log's `watch_log_file`: notice by itself that the file was moved or removed
 * @throws the system's error when the file cannot be opened now
 */
export function fileSink(path: string, format: LineFormat, watch: boolean, openLogFile: OpenLogFile): LogSink {
  openLogFile(path);
  let destination = openDestination(path, format);
  const reopen = (): void => {
    try {
      openLogFile(path);
      const next = openDestination(path, format);
      destination.close();
      destination = next;
    } catch {
      // The directory is gone or full of files, or its disk hangs: the old file still takes lines.
    }
  };
  let opened: number | undefined;
  const inode = (): number | undefined => {
    try {
      return statSync(path, { throwIfNoEntry: false })?.ino;
    } catch {
      // A disk that has failed does not show it.
      return opened;
    }
  };
  opened = inode();
  return {
    write(record) {
      if (watch && inode() !== opened) {
        reopen();
        opened = inode();
      }
      destination.write(`${format(record)}\n`);
    },
    reopen,
    flush: () => destination.flush(),
    drained: () => destination.drained(),
  };
}

const FACILITIES: Readonly<Record<string, number>> = Object.fromEntries([
  ...["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"].map(
    (name, number) => [name, number],
  ),
  ...Array.from({ length: 8 }, (_, n) => [`local${n}`, 16 + n]),
]);

function datagramSink(path: string, fallback: LogSink, encode: (record: LogRecord) => string): LogSink {
  const sender = openDatagramSender(path);
  return {
    write(record) {
      try {
        sender.send(encode(record));
      } catch {
        // syslogd or journald is restarting, or has no room: the line still has to be somewhere.
        fallback.write(record);
      }
    },
    reopen: () => undefined,
    flush: () => fallback.flush(),
    drained: () => fallback.drained(),
  };
}

/** @param facility as oslo.log takes it: `LOG_USER`, `user`, `local0` … */
export function syslogSink(program: string, facility: string, format: LineFormat, fallback: LogSink): LogSink {
  const number = FACILITIES[facility.toLowerCase().replace(/^log_/, "")] ?? 1;
  return datagramSink("/dev/log", fallback, (record) => {
    const priority = number * 8 + record.level.severity;
    return `<${priority}>${program}[${process.pid}]: ${format(record)}`;
  });
}

/** journald's native protocol (systemd's "Journal Native Protocol"): one field a line, a length before what has line ends. */
export function journalSink(program: string, fallback: LogSink): LogSink {
  return datagramSink("/run/systemd/journal/socket", fallback, (record) => {
    const fields: Readonly<Record<string, string>> = {
      MESSAGE: printable(record.message.replaceAll("\n", " "), "\t"),
      PRIORITY: String(record.level.severity),
      SYSLOG_IDENTIFIER: program,
      LOGGER_NAME: record.name,
      LOGGER_LEVEL: record.level.name,
    };
    return Object.entries(fields)
      .map(([key, value]) => `${key}=${value}\n`)
      .join("");
  });
}
