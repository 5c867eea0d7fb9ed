import type { DatabaseSync } from "node:sqlite";

/** A commit that is to come. */
interface Commit {
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Why nothing more can be written in this transaction, and nothing of it is committed. */
  lost: unknown;
}

/**
 * One write transaction for all who write in the same turn of the event loop: each page that they change goes to the log once, and they
 * wait for one commit. It ends with the turn, so nobody else's write waits for it.
 */
export class SharedTransaction {
  readonly #database: DatabaseSync;
  #commit: Commit | undefined;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * Runs `work`, whose reads and writes no other write comes between. What it has written is taken back if it throws, and is committed when
   * `committed` resolves.
   * @throws what the work throws
   */
  run<Result>(work: () => Result): Result {
    const commit = this.#commit ?? this.#begin();
    if (commit.lost !== undefined) throw commit.lost;
    this.#database.prepare("SAVEPOINT one").run();
    try {
      const result = work();
      this.#database.prepare("RELEASE one").run();
      return result;
    } catch (error) {
      // After some errors, as of a full disk, SQLite has already rolled back everything: what the others wrote, too.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK TO one; RELEASE one");
      else commit.lost = error;
      throw error;
    }
  }

  /** Resolves when all that was written so far is committed. @throws why it could not be */
  committed(): Promise<void> {
    return this.#commit?.done ?? Promise.resolve();
  }

  /** Commits at once what was written so far, for those who need a transaction of their own. */
  end(): void {
    const commit = this.#commit;
    if (commit === undefined) return;
    this.#commit = undefined;
    try {
      if (commit.lost !== undefined) throw commit.lost;
      this.#database.prepare("COMMIT").run();
      commit.resolve();
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      commit.reject(error);
    }
  }

  #begin(): Commit {
    this.#database.prepare("BEGIN IMMEDIATE").run();
    const { promise: done, resolve, reject } = Promise.withResolvers<void>();
    // Whoever waits for it learns of an error; it may be nobody.
    done.catch(() => undefined);
    this.#commit = { done, resolve, reject, lost: undefined };
    setImmediate(() => this.end());
    return this.#commit;
  }
}
