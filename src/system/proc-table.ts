import { closeSync, openSync, readdirSync, readlinkSync, readSync, statSync } from "node:fs";
import { messageOf } from "./message-of.ts";

/** A clock tick: USER_HZ is 100 on every architecture that Node runs on. */
export const TICK_MS = 10;

/** A process for good: the kernel reuses a pid, but never with the same start time. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks of `TICK_MS` after boot (field 22 of `/proc/PID/stat`, proc(5)). */
  readonly startTime: number;
}

/** What `/proc/PID/stat` contains, as far as it is needed. */
export interface ProcessStat extends ProcessIdentity {
  /** The base name of the program at its exec (a script's, if it was run by `#!`), at most 15 bytes; the process may change it. */
  readonly name: string;
  readonly parent: number;
  /** `R`, `S`, `D`, … ; `Z` and `X` are dead. */
  readonly state: string;
  readonly threads: number;
  /** In the kernel's exit: its command line and executable are gone already, its state may still be `R`. */
  readonly exiting: boolean;
}

/** The file that a process executes. Only exec changes it, whatever the process shows as its command line. */
export interface Executable {
  /** Without the mark that the file has been removed since, e.g. by an upgrade of its package. */
  readonly path: string;
  /** Device and inode, which stay the same when the file is renamed or removed. */
  readonly file: string;
}

/** This host's processes. One that vanishes while it is read is `undefined`, never an error. */
export interface ProcTable {
  /** The pids of all processes, in no particular order. @throws ProcTableError */
  pids(): number[];
  /**
   * The arguments, each ended by NUL, as the process shows them (at most 64 KiB); empty for a zombie or a kernel thread.
   * @throws ProcTableError
   */
  commandLine(pid: number): string | undefined;
  /** @throws ProcTableError */
  stat(pid: number): ProcessStat | undefined;
  /** The effective user id. @throws ProcTableError */
  user(pid: number): number | undefined;
  /** Undefined also where it may not be read: another user's process, unless this is root; a kernel thread. */
  executable(pid: number): Executable | undefined;
}

/** The process table could not be read, so nothing is known about any process: least of all that one is dead. */
export class ProcTableError extends Error {
  readonly code = "PROC_TABLE_UNREADABLE";

  constructor(path: string, cause: unknown) {
    super(`cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

const READ_LIMIT = 64 * 1024;
/** The process ended between two reads: the file is gone, or (ESRCH) was open already. */
const VANISHED = new Set(["ENOENT", "ESRCH"]);
/** proc(5): the end of the link's text once the file has been unlinked. */
const REMOVED = " (deleted)";
/** PF_EXITING of the kernel's flags (include/linux/sched.h), field 9 of `/proc/PID/stat`. */
const EXITING = 0x4;
const ZERO = 48;
const NINE = 57;

/** @param root where procfs is mounted; another directory of the same shape in tests */
export function openProcTable(root = "/proc"): ProcTable {
  const buffer = Buffer.allocUnsafeSlow(READ_LIMIT);
  return {
    pids() {
      try {
        return readdirSync(root).filter(startsWithDigit).map(Number);
      } catch (cause) {
        throw new ProcTableError(root, cause);
      }
    },
    commandLine(pid) {
      const length = readInto(buffer, `${root}/${pid}/cmdline`);
      return length === undefined ? undefined : buffer.toString("utf8", 0, length);
    },
    stat(pid) {
      const length = readInto(buffer, `${root}/${pid}/stat`);
      return length === undefined ? undefined : parseStat(pid, buffer.toString("utf8", 0, length));
    },
    user(pid) {
      const length = readInto(buffer, `${root}/${pid}/status`);
      const [, id] = /^Uid:\s+\d+\s+(\d+)/m.exec(buffer.toString("latin1", 0, length ?? 0)) ?? [];
      return id === undefined ? undefined : Number(id);
    },
    executable(pid) {
      const link = `${root}/${pid}/exe`;
      try {
        const path = readlinkSync(link);
        const { dev, ino } = statSync(link, { bigint: true });
        return { path: path.endsWith(REMOVED) ? path.slice(0, -REMOVED.length) : path, file: `${dev}:${ino}` };
      } catch {
        return undefined;
      }
    },
  };
}

/** Two raw calls into one buffer: a scan of 200 processes is 2-4 ms; `readFileSync` has no bound. */
function readInto(buffer: Buffer, path: string): number | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    return readSync(fd, buffer, 0, buffer.length, 0);
  } catch (cause) {
    // EMFILE and the like must not read as "every process has died".
    if (VANISHED.has((cause as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw new ProcTableError(path, cause);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The name in parentheses may hold spaces and parentheses itself, so fields are counted from the last one. */
function parseStat(pid: number, text: string): ProcessStat | undefined {
  const end = text.lastIndexOf(")");
  const name = text.slice(text.indexOf("(") + 1, end);
  const fields = text.slice(end + 2).split(" ");
  const [state, parent] = fields;
  const startTime = Number(fields[19]);
  if (!state || !Number.isSafeInteger(startTime)) return undefined;
  const exiting = (Number(fields[6]) & EXITING) !== 0;
  return { pid, name, state, parent: Number(parent), threads: Number(fields[17]), exiting, startTime };
}

function startsWithDigit(name: string): boolean {
  const first = name.charCodeAt(0);
  return first >= ZERO && first <= NINE;
}

/**
 * A zombie has ended and only waits for its parent to notice, and one that exits will be a zombie in an instant; but with further
 * threads it is a process whose first thread has ended, and the others go on.
 */
export function isDead({ state, threads, exiting }: ProcessStat): boolean {
  return ((state === "Z" || exiting) && threads <= 1) || state === "X" || state === "x";
}
