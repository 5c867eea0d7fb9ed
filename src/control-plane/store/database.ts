import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../system/message-of.ts";
import { makePrivateDirectory } from "../../system/private-directory.ts";
import { makePrivateFile } from "../../system/private-file.ts";
import { ControlPlaneError } from "../errors.ts";
import { type Json, toPythonJson } from "../formats/python-json.ts";
import { migrations } from "./migrations.ts";
import { ReusingDatabase } from "./reusing-database.ts";

/**
 * Opens the control plane's SQLite file (created 0600, its directory 0700 and nobody else's to change) or `:memory:`, in WAL mode, and
 * brings the tables up to date. With synchronous=NORMAL a commit is in the log but not yet on disk: `LogSync` makes it so.
 * @throws ControlPlaneError `database`
 */
export function openDatabase(path: string): ReusingDatabase {
  try {
    if (path !== ":memory:") {
      makePrivateDirectory(dirname(path));
      // SQLite gives the files beside it (-wal, -shm) the same mode.
      makePrivateFile(path);
    }
    return prepare(new ReusingDatabase(path));
  } catch (cause) {
    const why = messageOf(cause);
    throw new ControlPlaneError(
      "database",
      `cannot open the control plane's database ${path}: ${why}; check the directory's owner and free space`,
      { cause },
    );
  }
}

/** Of the log, before it is copied into the database: the request that does so takes several times as long as others. 16 MiB. */
const logPages = 4000;

/** What SQLite keeps of the file, KiB: the kernel has it too, and 2,000 (SQLite's own choice) took 1.5 MB more and was no faster. */
const cacheKiB = 512;

function prepare(database: ReusingDatabase): ReusingDatabase {
  try {
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON;
       PRAGMA cache_size = -${cacheKiB}; PRAGMA wal_autocheckpoint = ${logPages};`,
    );
    addFunctions(database);
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** `python_json(TEXT)` writes a text as JSON in Python's spelling, `python_json_again(JSON)` a document. */
function addFunctions(database: DatabaseSync): void {
  database.function("python_json", { deterministic: true }, (text) => toPythonJson(String(text)));
  database.function("python_json_again", { deterministic: true }, (json) =>
    toPythonJson(JSON.parse(String(json)) as Json),
  );
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
  if (database instanceof ReusingDatabase) database.shared.end();
  database.prepare("BEGIN IMMEDIATE").run();
  try {
    const result = work();
    database.prepare("COMMIT").run();
    return result;
  } catch (error) {
    // SQLite has already rolled back after some errors, as of a full disk.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
