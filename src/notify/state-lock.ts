import { closeSync, mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Another program has this one's state; the message says which. */
export class StateInUseError extends Error {
  readonly code = "STATE_IN_USE";
  override readonly name = "StateInUseError";
}

/** That no other program uses the same state, for as long as it is not released. */
export interface StateLock {
  /** Why it could not be locked, and so might be used by another program all the same; undefined if it is locked. */
  readonly problem: string | undefined;
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
  const path = join(statePath, `${program}.lock`);
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Before it is locked: to close any descriptor of a file gives up the process's locks on it (fcntl(2)).
    closeSync(openSync(path, "a", 0o600));
    db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    // Nothing is ever written to it; with a journal in memory there is nothing for which a disk could be too full.
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    db?.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) throw inUse(statePath, program, path);
    return {
      problem:
        `${path} cannot be locked (${(error as Error).message}), so a second ${program} would not be noticed: see that ` +
        "there is none. Make room, or give the directory to this user",
      release: () => undefined,
    };
  }
  const locked = db;
  held.add(locked);
  const release = (): void => {
    if (held.delete(locked)) locked.close();
  };
  return { problem: undefined, release };
}

/** The pid of the program whose state it is now; undefined if there is none, or it cannot be seen from here. */
export function lockHolder(statePath: string, program: string): number | undefined {
  return pidHolding(join(statePath, `${program}.lock`));
}

function inUse(statePath: string, program: string, path: string): StateInUseError {
  const pid = pidHolding(path);
  const holder = pid === undefined ? "another process, which cannot be seen from here," : `pid ${pid}${commandOf(pid)}`;
  return new StateInUseError(
    `${program} runs here already: ${holder} has its state in ${statePath}. Two of them would tell Masakari of ` +
      "everything twice. Stop that one, or give this one a state_path of its own in [DEFAULT]",
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
    return command === "" ? "" : ` (${command.slice(0, 200)})`;
  } catch {
    return "";
  }
}
