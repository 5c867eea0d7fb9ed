import { closeSync, fdatasync, openSync } from "node:fs";

/** Puts what was committed on disk. */
export interface LogSync {
  /**
   * Resolves when everything that was committed before the call survives a power cut.
   * @throws the disk's error; from then on every call fails, since nobody knows what is on the disk until the database is opened again
   */
  sync(): Promise<void>;
  /** What `sync` fails with. */
  readonly problem: Error | undefined;
  close(): void;
}

/**
 * Of the write-ahead log of an open database in a file. Requests that are served at the same time share one fdatasync, and it does not
 * hold up the event loop; with synchronous=FULL, SQLite would do both for each.
 */
export function openLogSync(database: string): LogSync {
  if (database === ":memory:") return inMemory;
  // SQLite replaces the file only when its last connection closes, and has no locks on it that closing a descriptor would give up.
  return new FileLogSync(openSync(`${database}-wal`, "r"));
}

const inMemory: LogSync = { sync: () => Promise.resolve(), problem: undefined, close: () => undefined };

class FileLogSync implements LogSync {
  readonly #log: number;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #problem: Error | undefined;

  constructor(log: number) {
    this.#log = log;
  }

  get problem(): Error | undefined {
    return this.#problem;
  }

  sync(): Promise<void> {
    // The one that runs may have begun before the caller's commit.
    this.#next ??= this.#after(this.#running);
    return this.#next;
  }

  close(): void {
    closeSync(this.#log);
  }

  async #after(running: Promise<void> | undefined): Promise<void> {
    await running?.catch(() => undefined);
    this.#running = this.#next;
    this.#next = undefined;
    if (this.#problem) throw this.#problem;
    await new Promise<void>((resolve, reject) => {
      fdatasync(this.#log, (error) => (error ? reject(error) : resolve()));
    }).catch((error: Error) => {
      // Linux reports lost pages once; the next fdatasync would succeed without them.
      this.#problem = error;
      throw error;
    });
  }
}
