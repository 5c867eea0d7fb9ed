import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { isAbsolute, join, resolve, sep } from "node:path";
import { makeDirectory } from "./private-file.ts";

/** As Linux: more symbolic links than this are a loop. */
const MAX_LINKS = 40;
const STICKY = 0o1000;
const OTHERS_WRITE = 0o002;
const GROUP_WRITE = 0o020;

/**
 * Makes `path` (mode 0700, its parents too) unless it exists, and makes sure that nobody but this user and root can put
 * anything into it, take it away or lead elsewhere on the way to it; as sshd does for the files that it trusts.
 * @throws an Error with what is wrong with which directory
 */
export function makePrivateDirectory(path: string): void {
  const whole = resolve(path);
  makeDirectory(whole, 0o700);
  requireTrustedWay(whole, MAX_LINKS);
  const { mode } = lstatSync(whole);
  if ((mode & (OTHERS_WRITE | GROUP_WRITE)) !== 0) {
    throw new Error(
      `${whole} can be written by others (mode ${octal(mode)}); chmod 0700 it, or choose another directory`,
    );
  }
}

/** Every directory and symbolic link from the root down to `path`, and wherever a link leads. */
function requireTrustedWay(path: string, linksLeft: number): void {
  let current: string = sep;
  for (const name of path.split(sep).filter((part) => part !== "")) {
    const parent = current;
    current = join(current, name);
    const found = lstatSync(current);
    requireOwner(current, found);
    if (!found.isSymbolicLink()) {
      requireDirectory(current, found, current === path);
      continue;
    }
    if (current === path) throw new Error(`${current} is a symbolic link; name the directory itself`);
    if (linksLeft === 0) throw new Error(`${path} leads through too many symbolic links`);
    const target = readlinkSync(current);
    current = isAbsolute(target) ? resolve(target) : resolve(parent, target);
    requireTrustedWay(current, linksLeft - 1);
  }
}

function requireOwner(path: string, { uid }: Stats): void {
  const own = process.geteuid?.() ?? uid;
  if (uid === own || uid === 0) return;
  throw new Error(`${path} belongs to another user (uid ${uid}, this is uid ${own}); choose another directory`);
}

function requireDirectory(path: string, found: Stats, isLast: boolean): void {
  if (!found.isDirectory()) throw new Error(`${path} is not a directory`);
  const own = process.geteuid?.() ?? found.uid;
  if (isLast && found.uid !== own) {
    throw new Error(`${path} belongs to root and this is uid ${own}; choose another directory`);
  }
  // Where others may write, they may put another one in its place, except in a directory such as /tmp.
  const byOthers = (found.mode & OTHERS_WRITE) !== 0;
  const byGroup = (found.mode & GROUP_WRITE) !== 0 && found.gid !== 0 && found.gid !== process.getegid?.();
  if (!isLast && (byOthers || byGroup) && (found.mode & STICKY) === 0) {
    throw new Error(`${path} can be written by others (mode ${octal(found.mode)}); choose another directory`);
  }
}

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, "0");
