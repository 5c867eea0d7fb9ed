import { closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { uptime } from "node:os";
import type { ProcessEntry } from "../config/process-entry.ts";
import {
  isDead,
  type ProcessIdentity,
  type ProcessStat,
  type ProcTable,
  ProcTableError,
  TICK_MS,
} from "../system/proc-table.ts";
import { baseName } from "./command-line.ts";
import type { Sighting } from "./observation.ts";

/** The first line is the pid; some daemons (postgres) write more. */
const PID_LINE = /^\s*(\d{1,10})\s*(\n|$)/;
/** A daemon is older than its pidfile. That much younger, and it is another process. Seconds; clocks are set right by less. */
const YOUNGER_S = 60;

/** The pid stands at the beginning. Bytes. */
const LOOKED_AT = 4096;
/** They are about this process or the host, not about the daemon: no descriptors or no memory left, or the disk fails. */
const LOCAL_ERRORS = new Set(["EMFILE", "ENFILE", "ENOMEM", "EIO", "EAGAIN", "EINTR"]);

export interface PidfileParts {
  readonly table: ProcTable;
  /** This process. */
  readonly self: number;
  /** The process watched for the entry so far. */
  readonly before: ProcessIdentity | undefined;
}

/**
 * The process that the entry's pidfile names, whatever it is called and whatever else runs.
 * @throws ProcTableError if that cannot be found out now
 */
export function byPidfile(key: string, entry: ProcessEntry, path: string, parts: PidfileParts): Sighting {
  const { table, self, before } = parts;
  const fail = (problem: string): Sighting => ({ key, problem: `pidfile ${path}${problem}` });
  let text: string;
  try {
    text = readBeginning(path);
  } catch (error) {
    const { code = "unreadable" } = error as NodeJS.ErrnoException;
    if (LOCAL_ERRORS.has(code)) throw new ProcTableError(path, error);
    return fail(`: ${code}`);
  }
  const pid = Number(PID_LINE.exec(text)?.[1] ?? 0);
  if (pid === 0) return fail(" holds no process id");
  const stat = pid === self ? undefined : table.stat(pid);
  if (!stat || isDead(stat)) return fail(`: there is no process ${pid}`);
  const known = before?.pid === pid && before.startTime === stat.startTime;
  if (!known && isAnother(entry, path, stat, table)) {
    return fail(` is stale: process ${pid} began after it was written, and is another program`);
  }
  return { key, whole: { pid, startTime: stat.startTime } };
}

/** Of a pipe or a device too, without waiting for it. */
function readBeginning(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const buffer = Buffer.alloc(LOOKED_AT);
    return buffer.toString("utf8", 0, readSync(fd, buffer, 0, buffer.length, null));
  } finally {
    closeSync(fd);
  }
}

/**
 * A pidfile that outlived its daemon (a crash, a reboot without a fresh /run) names whatever has its pid now. Two signs are
 * needed for that, because a healthy service must not be restarted for a strange name or for a clock that was set.
 */
function isAnother(entry: ProcessEntry, path: string, stat: ProcessStat, table: ProcTable): boolean {
  const name = baseName(entry.process_name.split(/\s+/).at(-1) ?? "");
  if (entry.match === "regex" || table.commandLine(stat.pid)?.includes(name)) return false;
  const age = uptime() - (stat.startTime * TICK_MS) / 1000;
  const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return written !== undefined && (Date.now() - written) / 1000 > age + YOUNGER_S;
}
