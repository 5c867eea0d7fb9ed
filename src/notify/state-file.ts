import { accessSync, constants, lstatSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { makeDirectory, makePrivateFile, NotPrivateError } from "../system/private-file.ts";
import { inodeAt, isDisplaced } from "../system/same-inode.ts";
import type { Entry } from "./entry.ts";
import { entryFromRow, entryToRow } from "./entry-row.ts";

/** What a state file holds for the next run: the pending entries in their order, and the saved states as JSON text. */
export interface Contents {
  readonly entries: readonly Entry[];
  /** Pending entries that are there and make no sense. */
  readonly unreadable: number;
  readonly saved: ReadonlyMap<string, string>;
}

/** What one transaction changes. */
export interface Batch {
  readonly entries: Iterable<Entry>;
  /** Undefined deletes. */
  readonly saved: Iterable<readonly [key: string, json: string | undefined]>;
}

/** One program's file. Every method throws what SQLite throws; `write` is all or nothing. */
export interface StateFile {
  load(): Contents;
  /** The row as it is now, perhaps changed by another process. */
  read(id: string): Entry | undefined;
  write(batch: Batch): void;
  /** The ended entries that are kept, newest first. */
  ended(): readonly Entry[];
  /**
   * What of it was moved, deleted or replaced while it was in use; undefined if nothing was. SQLite does not notice, and what
   * it commits from then on is nowhere to be found at the next start.
   */
  readonly displaced?: () => string | undefined;
  close(): void;
}

/** What was written is not where the next start looks for it. */
export class DisplacedError extends Error {
  readonly code = "STATE_FILE_DISPLACED";
  override readonly name = "DisplacedError";
}

/** The file cannot be used as it is: damaged, or written by a newer release. */
export class StateFileError extends Error {
  readonly code = "STATE_FILE_UNUSABLE";
  override readonly name = "StateFileError";
  /** Another user may have made it: nothing in it is to be believed. */
  readonly isForeign: boolean;

  constructor(message: string, options: { readonly cause?: unknown; readonly isForeign?: boolean } = {}) {
    super(message, options);
    this.isForeign = options.isForeign ?? false;
  }
}

/** So many ended entries are kept for `masakari-monitors outbox --all`. */
const KEPT_ENDED = 1000;
/**
 * 2: a monitor's state has a row for each subject. Of version 0.1.0, which had 1 and all of a state in one row, the monitors read
 * the state as it is; this release's rows follow in the transaction in which the loop takes it over.
 */
const SCHEMA_VERSION = 2;
/** The command line holds its lock for milliseconds; whoever holds it longer must not hold up the monitor. */
const BUSY_TIMEOUT_MS = 1000;
const NOT_A_DATABASE = new Set([11, 26]); // SQLITE_CORRUPT, SQLITE_NOTADB: sqlite.org/rescode.html

const SCHEMA = `
BEGIN IMMEDIATE;
CREATE TABLE entry (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  subject TEXT NOT NULL,
  notification TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  reason TEXT,
  notification_uuid TEXT,
  created_wall REAL NOT NULL,
  created_mono REAL NOT NULL,
  boot_id TEXT NOT NULL,
  ended_wall REAL,
  ending INTEGER
) STRICT;
CREATE INDEX entry_pending ON entry (seq) WHERE state = 'pending';
CREATE INDEX entry_ending ON entry (ending);
CREATE TABLE saved (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
PRAGMA user_version = ${SCHEMA_VERSION};
COMMIT;`;

// A final state written by another process stays, unless the API did respond: what arrived did arrive.
const UPSERT = `
INSERT INTO entry (id, subject, notification, state, attempts, reason, notification_uuid,
  created_wall, created_mono, boot_id, ended_wall, ending)
VALUES (:id, :subject, :notification, :state, :attempts, :reason, :notification_uuid,
  :created_wall, :created_mono, :boot_id, :ended_wall,
  CASE WHEN :state = 'pending' THEN NULL ELSE (SELECT coalesce(max(ending), 0) + 1 FROM entry) END)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, attempts = excluded.attempts, reason = excluded.reason,
  notification_uuid = excluded.notification_uuid, ended_wall = excluded.ended_wall, ending = excluded.ending
WHERE entry.state = 'pending' OR excluded.state IN ('delivered', 'rejected')`;

const TRIM = `DELETE FROM entry WHERE ending <= (SELECT max(ending) FROM entry) - ${KEPT_ENDED}`;

/** What SQLite keeps beside the file: the log, which holds the latest commits, and its index. */
const BESIDE = ["-wal", "-shm"] as const;

class SqliteStateFile implements StateFile {
  readonly #db: DatabaseSync;
  /** By path. An inode that is open is not given to another file, so an equal number is the same file. */
  readonly #inodes = new Map<string, number>();
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    for (const one of ["", ...BESIDE].map((suffix) => path + suffix)) {
      const inode = inodeAt(one);
      if (inode !== undefined) this.#inodes.set(one, inode);
    }
  }

  readonly displaced = (): string | undefined => {
    const moved = [...this.#inodes].find(([path, inode]) => isDisplaced(path, inode));
    return moved && `${moved[0]} was moved or deleted while it was in use`;
  };

  load(): Contents {
    const rows = this.#prepare("SELECT * FROM entry WHERE state = 'pending' ORDER BY seq").all();
    const saved = this.#prepare("SELECT key, value FROM saved").all();
    const entries = rows.map(entryFromRow).filter((entry) => entry !== undefined);
    return {
      entries,
      unreadable: rows.length - entries.length,
      saved: new Map(saved.map((row) => [String(row.key), String(row.value)])),
    };
  }

  read(id: string): Entry | undefined {
    const row = this.#prepare("SELECT * FROM entry WHERE id = ?").get(id);
    return row === undefined ? undefined : entryFromRow(row);
  }

  write(batch: Batch): void {
    this.#assertInPlace();
    this.#prepare("BEGIN IMMEDIATE").run();
    try {
      let ended = false;
      for (const entry of batch.entries) {
        this.#prepare(UPSERT).run(entryToRow(entry));
        ended ||= entry.state !== "pending";
      }
      for (const [key, json] of batch.saved) {
        if (json === undefined) this.#prepare("DELETE FROM saved WHERE key = ?").run(key);
        else this.#prepare("INSERT OR REPLACE INTO saved (key, value) VALUES (?, ?)").run(key, json);
      }
      if (ended) this.#prepare(TRIM).run();
      this.#prepare("COMMIT").run();
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
    // It may have been deleted between the first look and the commit.
    this.#assertInPlace();
  }

  ended(): readonly Entry[] {
    const rows = this.#prepare("SELECT * FROM entry WHERE ending IS NOT NULL ORDER BY ending DESC").all();
    return rows.map(entryFromRow).filter((entry) => entry !== undefined);
  }

  close(): void {
    this.#db.close();
  }

  #assertInPlace(): void {
    const problem = this.displaced();
    if (problem !== undefined) throw new DisplacedError(problem);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version);
}

/** Throws StateFileError if the file is not what this release can work with. */
function check(db: DatabaseSync, path: string): void {
  const found = db.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  if (found !== "ok") throw new StateFileError(`${path} is damaged: ${String(found)}`);
  const version = schemaVersion(db);
  if (version > SCHEMA_VERSION) {
    throw new StateFileError(
      `${path} was written by a newer release (schema ${version}, this one knows ${SCHEMA_VERSION})`,
    );
  }
}

/**
 * Opens, and where needed creates, the file of the program that owns it: directory 0700, file 0600. Connections to the same
 * file that this process has are to be closed before: they would share an index of a log that may not be the same.
 * @throws StateFileError if its contents are unusable (it is to be moved aside); else SQLite's or the system's error
 */
export function openStateFile(path: string): StateFile {
  makeDirectory(dirname(path), 0o700);
  try {
    for (const one of [path, ...existing(BESIDE.map((suffix) => path + suffix))]) makePrivateFile(one);
  } catch (error) {
    if (error instanceof NotPrivateError) throw new StateFileError(error.message, { cause: error, isForeign: true });
    throw error;
  }
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    check(db, path);
    const version = schemaVersion(db);
    if (version === 0) db.exec(SCHEMA);
    else if (version < SCHEMA_VERSION) db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    return new SqliteStateFile(db, path);
  } catch (error) {
    db.close();
    const { errcode } = error as { errcode?: number };
    if (errcode !== undefined && NOT_A_DATABASE.has(errcode & 0xff)) {
      throw new StateFileError(`${path} is damaged: ${(error as Error).message}`, { cause: error });
    }
    throw error;
  }
}

const existing = (paths: readonly string[]): string[] =>
  paths.filter((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);

/**
 * Opens the file of another, perhaps running, program: nothing is created, repaired or moved.
 * @throws StateFileError if it cannot be read
 */
export function visitStateFile(path: string): StateFile {
  let db: DatabaseSync | undefined;
  try {
    if (lstatSync(path).isSymbolicLink()) throw new Error("it is a symbolic link");
    // Not opened to find out: see makePrivateFile.
    accessSync(path, constants.R_OK);
    db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    const version = schemaVersion(db);
    if (version < 1 || version > SCHEMA_VERSION) {
      throw new Error(`its schema is ${version}, this release knows ${SCHEMA_VERSION}`);
    }
    return new SqliteStateFile(db, path);
  } catch (error) {
    db?.close();
    throw new StateFileError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
