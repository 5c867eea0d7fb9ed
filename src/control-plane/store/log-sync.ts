import { closeSync, fdatasync, openSync } from "node:fs";
import { messageOf } from "../../system/message-of.ts";
import type { SharedTransaction } from "./shared-transaction.ts";

/** Puts what was committed on disk. */
export interface LogSync {
  /**
   * Resolves when everything that was written before the call is committed and survives a power cut.
   * @throws the error of a commit; the disk's error; from then on every call fails, since nobody knows what is on the disk until the database is opened again. Or an
   * error after 30 s, when the disk hangs.
   */
  sync(): Promise<void>;
  /** What `sync` fails with. */
  readonly problem: Error | undefined;
  close(): void;
}

/**
 * Of the write-ahead log of an open database in a file. Requests that are served at the same time share one fdatasync, and it does not
 * hold up the event loop; with synchronous=FULL, SQLite would do both for each.
 * @param transaction of the same database
 */
export function openLogSync(database: string, transaction: SharedTransaction): LogSync {
  if (database === ":memory:") {
    return { sync: () => transaction.committed(), problem: undefined, close: () => undefined };
  }
  // SQLite replaces the file only when its last connection closes, and has no locks on it that closing a descriptor would give up.
  return new FileLogSync(openSync(`${database}-wal`, "r"), transaction);
}

/** How long a request waits for the disk, ms. */
const limitMs = 30_000;

/** An fdatasync that waits for the one before, and what those who wait for it get. */
interface Turn {
  readonly done: Promise<void>;
  readonly inTime: Promise<void>;
}

class FileLogSync implements LogSync {
  readonly #log: number;
  readonly #transaction: SharedTransaction;
  #running: Promise<void> | undefined;
  #next: Turn | undefined;
  #failed: Error | undefined;
  #late: Error | undefined;

  constructor(log: number, transaction: SharedTransaction) {
    this.#log = log;
    this.#transaction = transaction;
  }

  get problem(): Error | undefined {
    return this.#failed ?? this.#late;
  }

  async sync(): Promise<void> {
    await this.#transaction.committed();
    if (this.#next === undefined) {
      // The one that runs may have begun before the caller's commit.
      const done = this.#after(this.#running);
      this.#next = { done, inTime: this.#inTime(done) };
    }
    await this.#next.inTime;
  }

  close(): void {
    closeSync(this.#log);
  }

  async #after(running: Promise<void> | undefined): Promise<void> {
    await running?.catch(() => undefined);
    this.#running = this.#next?.done;
    this.#next = undefined;
    if (this.#failed) throw this.#failed;
    try {
      await new Promise<void>((resolve, reject) => {
        fdatasync(this.#log, (error) => (error ? reject(error) : resolve()));
      });
      this.#late = undefined;
    } catch (cause) {
      // Linux reports lost pages once; the next fdatasync would succeed without them.
      this.#failed = new Error(`${messageOf(cause)}; restart the control plane`, { cause });
      throw this.#failed;
    }
  }

  /** While the disk hangs, those who come later are refused at once, until it has completed what it was asked for. */
  #inTime(done: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#late = new Error(`the disk has not completed a write for ${limitMs / 1000} s`);
        reject(this.#late);
      }, limitMs);
      done.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}
