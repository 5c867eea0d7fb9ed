import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../system/message-of.ts";
import { makePrivateDirectory } from "../../system/private-directory.ts";
import { makePrivateFile } from "../../system/private-file.ts";
import { ControlPlaneError } from "../errors.ts";
import { migrations } from "./migrations.ts";

/**
 * Opens the control plane's SQLite file (created 0600, its directory 0700 and nobody else's to change) or `:memory:`, in WAL mode and with
 * synchronous=FULL: what was accepted with 2xx survives a power cut. Brings the tables up to date.
 * @throws ControlPlaneError `database`
 */
export function openDatabase(path: string): DatabaseSync {
  try {
    if (path !== ":memory:") {
      makePrivateDirectory(dirname(path));
      // SQLite gives the files beside it (-wal, -shm) the same mode.
      makePrivateFile(path);
    }
    return prepare(new DatabaseSync(path));
  } catch (cause) {
    const why = messageOf(cause);
    throw new ControlPlaneError(
      "database",
      `cannot open the control plane's database ${path}: ${why}; check the directory's owner and free space`,
      { cause },
    );
  }
}

function prepare(database: DatabaseSync): DatabaseSync {
  try {
    database.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON;",
    );
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: DatabaseSync): void {
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version > migrations.length) {
    throw new Error(`it was written by a newer version (schema ${version}, this program knows ${migrations.length})`);
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    inTransaction(database, () => {
      database.exec(sql);
      database.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
}

/** Runs `work` in one write transaction: a check and the insert that relies on it see the same rows, or nothing happens. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite has already rolled back after some errors, as of a full disk.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
