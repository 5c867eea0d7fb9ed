import { copyFileSync, existsSync, lstatSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DiskHungError } from "../system/disk/calls.ts";
import type { Entry } from "./entry.ts";
import { entryFromRow } from "./entry-row.ts";
import { type Contents, StateFileError } from "./state-file.ts";

/** So many damaged files are kept beside the good one. */
const KEPT_ASIDE = 3;
/** What SQLite keeps beside its file. The index (`-shm`) it can recreate, the log (`-wal`) holds the latest commits. */
const LOG = "-wal";
const BESIDE = [LOG, "-shm"] as const;
/** In memory, so that there is room when the disk has none. */
const SCRATCH = ["/dev/shm", tmpdir()] as const;

/**
 * What can be read of a file that cannot be opened as usual: damaged, or on a disk that is full or mounted read-only, where
 * SQLite cannot make what it needs beside the file. It is read from a copy; the file stays as it is. No connection of this
 * process may be open on it: reading it closes a descriptor, which gives up the process's locks (fcntl(2)).
 * @returns perhaps nothing; never throws
 */
export function rescue(path: string): Contents {
  if (!existsSync(path)) return NOTHING;
  for (const scratch of SCRATCH) {
    let directory: string | undefined;
    try {
      directory = mkdtempSync(join(scratch, "masakari-rescue-"));
      const copy = join(directory, "copy.sqlite");
      copyFileSync(path, copy);
      if (existsSync(path + LOG)) copyFileSync(path + LOG, copy + LOG);
      return readWhatIsThere(copy);
    } catch {
      // No room there, or it cannot be read at all.
    } finally {
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    }
  }
  return NOTHING;
}

/** Of a file that cannot be read at all, or must not be believed. */
const NOTHING: Contents = { entries: [], unreadable: 0, saved: new Map() };

/** What can be recovered from a file after opening it failed like this. @param read `rescue`, on whichever thread; never throws for a disk that hangs */
export function rescueAfter(failure: unknown, path: string, read: typeof rescue = rescue): Contents {
  if (failure instanceof DiskHungError || (failure instanceof StateFileError && failure.isForeign)) return NOTHING;
  try {
    return read(path);
  } catch (error) {
    if (error instanceof DiskHungError) return NOTHING;
    throw error;
  }
}

function readWhatIsThere(path: string): Contents {
  const db = new DatabaseSync(path);
  try {
    const pending = new Map<number, Entry>();
    // From both ends: a damaged page in the middle hides only what is on it. Neither reads an index, which may be damaged too.
    for (const order of ["ASC", "DESC"]) {
      for (const row of rowsUntilDamage(db, `SELECT * FROM entry ORDER BY seq ${order}`)) {
        const entry = row.state === "pending" ? entryFromRow(row) : undefined;
        if (entry !== undefined) pending.set(Number(row.seq), entry);
      }
    }
    const saved = new Map<string, string>();
    for (const { key, value } of rowsUntilDamage(db, "SELECT key, value FROM saved")) {
      saved.set(String(key), String(value));
    }
    const entries = [...pending].sort(([one], [other]) => one - other).map(([, entry]) => entry);
    return { entries, unreadable: 0, saved };
  } finally {
    db.close();
  }
}

function* rowsUntilDamage(db: DatabaseSync, sql: string) {
  try {
    yield* db.prepare(sql).iterate();
  } catch {
    return;
  }
}

/**
 * Renames an unusable file, with what SQLite keeps beside it, and deletes all but the last few of its kind.
 * @param stamp goes into the new name
 * @returns the new path; undefined if there was nothing to rename
 */
export function moveAside(path: string, stamp: string): string | undefined {
  const aside = `${path}.unusable-${stamp}`;
  // The log first: under a new file of the old name it would be taken for that one's.
  for (const suffix of BESIDE) if (isThere(path + suffix)) renameSync(path + suffix, aside + suffix);
  if (!isThere(path)) return undefined;
  renameSync(path, aside);
  const prefix = `${basename(path)}.unusable-`;
  const others = readdirSync(dirname(path)).filter(
    (name) => name.startsWith(prefix) && name !== basename(aside) && !BESIDE.some((suffix) => name.endsWith(suffix)),
  );
  for (const name of others.sort().slice(0, Math.max(0, others.length - KEPT_ASIDE + 1))) {
    for (const suffix of ["", ...BESIDE]) rmSync(join(dirname(path), name + suffix), { force: true });
  }
  return aside;
}

/** A symbolic link to nowhere is there, too. */
const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
