import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { WRITABLE_FOR_OTHERS } from "../config/trust.ts";
import { DiskHungError } from "../system/disk/calls.ts";
import { printable } from "../system/printable.ts";
import { makeDirectory, makePrivateFile } from "../system/private-file.ts";
import { inodeAt, isDisplaced } from "../system/same-inode.ts";

/** Another program has this one's state; the message names it. */
export class StateInUseError extends Error {
  readonly code = "STATE_IN_USE";
  override readonly name = "StateInUseError";
}

/** That no other program uses the same state, for as long as it is not released. */
export interface StateLock {
  /** Why it could not be locked, and so might be used by another program all the same; undefined if it is locked. */
  readonly problem: string | undefined;
  /** Whether the file that was locked is the one that another program would try to lock. */
  isInPlace(): boolean;
  release(): void;
}

/** Two that begin in the same instant may each be in the other's way for a moment. */
const BUSY_TIMEOUT_MS = 1000;
const SQLITE_BUSY = 5;
/** A database that nothing refers to is closed by the garbage collector, and its lock is gone. */
const held = new Set<DatabaseSync>();

/**
 * Locks the state of one program, by a file beside its database, which others may go on visiting. The lock is the kernel's
 * (fcntl, by way of SQLite): it ends with this process however that ends, and no child inherits it.
 * @throws StateInUseError
 */
export function lockState(statePath: string, program: string): StateLock {
  const path = lockFile(statePath, program);
  let db: DatabaseSync | undefined;
  try {
    makeDirectory(statePath, 0o700);
    makePrivateFile(path);
    db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    // Nothing is ever written to it; with a journal in memory there is nothing for which a disk could be too full.
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    db?.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) throw inUse(statePath, program, path);
    return unlocked(path, program, error);
  }
  const locked = db;
  held.add(locked);
  const inode = inodeAt(path);
  const release = (): void => {
    if (held.delete(locked)) locked.close();
  };
  return { problem: undefined, isInPlace: () => !isDisplaced(path, inode), release };
}

export const lockFile = (statePath: string, program: string): string => join(statePath, `${program}.lock`);

/** A lock that could not be obtained. */
export function unlocked(path: string, program: string, error: unknown): StateLock {
  const remedy =
    error instanceof DiskHungError
      ? "It will be locked as soon as the disk answers"
      : "Make room, or give the directory to this user";
  return {
    problem:
      `${path} cannot be locked (${(error as Error).message}), so a second ${program} would not be noticed: make sure that ` +
      `there is none. ${remedy}`,
    isInPlace: () => false,
    release: () => undefined,
  };
}

/** The pid of the program whose state it is now; undefined if there is none, or it cannot be seen from here. */
export function lockHolder(statePath: string, program: string): number | undefined {
  return pidHolding(lockFile(statePath, program));
}

/**
 * Where the state is kept elsewhere because its directory is another user's: that user's program may run all the same.
 * @throws StateInUseError
 */
export function refuseIfHeld(statePath: string, program: string): void {
  const directory = statSync(statePath, { throwIfNoEntry: false });
  const isAnybodys = directory === undefined || (directory.mode & WRITABLE_FOR_OTHERS) !== 0;
  // Where anybody may write, anybody could hold a lock to keep this program from starting.
  if (isAnybodys || lockHolder(statePath, program) === undefined) return;
  throw inUse(statePath, program, lockFile(statePath, program));
}

function inUse(statePath: string, program: string, path: string): StateInUseError {
  const pid = pidHolding(path);
  const holder = pid === undefined ? "another process, which cannot be seen from here," : `pid ${pid}${commandOf(pid)}`;
  return new StateInUseError(
    `${program} runs here already: ${holder} has its state in ${statePath}. Two of them would send ` +
      "every notification twice. Stop that one, or give this one a state_path of its own in [DEFAULT]",
  );
}

/** Whoever has a lock on the file, by /proc/locks (proc(5)); a process of another PID namespace has no pid there. */
function pidHolding(path: string): number | undefined {
  try {
    const { ino } = statSync(path);
    const line = readFileSync("/proc/locks", "utf8")
      .split("\n")
      .find((one) => one.includes("POSIX") && one.includes(`:${ino} `));
    const pid = Number(line?.split(/\s+/)[4]);
    return pid > 0 ? pid : undefined;
  } catch {
    // It may have ended meanwhile, or this is no place where one can look.
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return command === "" ? "" : ` (${printable(command.slice(0, 200))})`;
  } catch {
    return "";
  }
}
