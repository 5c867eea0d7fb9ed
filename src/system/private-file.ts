import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { isTrustedOwner } from "../config/trust.ts";

/** Group and others. */
const NOT_OWNER = 0o077;

/**
 * Makes a directory and those above it that are missing. `mkdirSync(…, { recursive: true })` does not return below /proc,
 * where mkdir fails with ENOENT although the directory above exists (Node 24).
 * @throws the system's error
 */
export function makeDirectory(path: string, mode = 0o777): void {
  const missing: string[] = [];
  let above = resolve(path);
  for (; statSync(above, { throwIfNoEntry: false }) === undefined; above = dirname(above)) missing.unshift(above);
  if (!statSync(above).isDirectory()) {
    throw Object.assign(new Error(`ENOTDIR: ${above} is not a directory`), { code: "ENOTDIR" });
  }
  for (const one of missing) {
    try {
      mkdirSync(one, { mode });
    } catch (error) {
      // Another process may have made it meanwhile.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/**
 * Sees to it that there is a file which only its owner may read and write. One that exists is never opened: to close any
 * descriptor of a file gives up all fcntl locks that this process has on it (fcntl(2)), SQLite's included.
 * @throws NotPrivateError if it is no regular file of this user's or root's; else the system's error
 */
export function makePrivateFile(path: string): void {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) closeSync(openSync(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600));
  else {
    const problem = foreignness(found);
    if (problem !== undefined) throw new NotPrivateError(path, problem);
    // Without this SQLite would open it for reading only, and fail at the first write.
    accessSync(path, constants.R_OK | constants.W_OK);
    if ((found.mode & NOT_OWNER) !== 0) chmodSync(path, 0o600);
  }
}

/** Something that another user may have made stands where a private file should be. */
export class NotPrivateError extends Error {
  readonly code = "NOT_PRIVATE";
  override readonly name = "NotPrivateError";

  constructor(path: string, problem: string) {
    super(`${path} ${problem}`);
  }
}

function foreignness(found: Stats): string | undefined {
  if (found.isSymbolicLink()) return "is a symbolic link";
  if (!found.isFile()) return "is not a regular file";
  return isTrustedOwner(found.uid) ? undefined : `belongs to user ${found.uid}`;
}
