import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { backup, DatabaseSync } from "node:sqlite";
import { messageOf } from "../../system/message-of.ts";
import { nodeCrypto } from "../../system/node-crypto.ts";
import { makePrivateFile } from "../../system/private-file.ts";
import { StartError } from "./start-error.ts";

/**
 * Copies the database of a control plane, which may be running, as it is at one moment. The copy is readable by its owner only and stands under its
 * name only when it is whole and on disk; an earlier file of that name is replaced, but not the database itself: a control plane that runs would
 * go on with the file that has lost its name, and all of its later changes would be gone with its next start.
 * @throws StartError
 */
export async function backUp(database: string, target: string): Promise<void> {
  if (!existsSync(database)) throw new StartError(`there is no database ${database}; give --state-dir`);
  if (["", "-wal", "-shm"].some((suffix) => isSameFile(database + suffix, target))) {
    throw new StartError(`${target} is the database itself; name another file for the copy`);
  }
  const draft = `${target}.${nodeCrypto().randomUUID()}`;
  try {
    makePrivateFile(draft);
    const source = new DatabaseSync(database);
    try {
      source.exec("PRAGMA busy_timeout = 5000");
      await backup(source, draft);
    } finally {
      source.close();
    }
    requireWhole(draft);
    renameSync(draft, target);
  } catch (cause) {
    for (const suffix of ["", "-journal", "-wal", "-shm"]) rmSync(draft + suffix, { force: true });
    throw new StartError(`cannot back up ${database} to ${target}: ${messageOf(cause)}`, { cause });
  }
}

/** By whatever name: a relative one, a link. */
function isSameFile(one: string, other: string): boolean {
  const [first, second] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return first !== undefined && second !== undefined && first.dev === second.dev && first.ino === second.ino;
}

function requireWhole(path: string): void {
  const copy = new DatabaseSync(path);
  try {
    // One file, which can be copied on by itself.
    copy.exec("PRAGMA journal_mode = DELETE");
    const [{ quick_check: result } = { quick_check: "nothing" }] = copy.prepare("PRAGMA quick_check").all() as {
      quick_check: string;
    }[];
    if (result !== "ok") throw new Error(`the copy is damaged: ${result}`);
  } finally {
    copy.close();
  }
}
