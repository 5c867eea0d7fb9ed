import { lstatSync, realpathSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";
import { isTrustedOwner } from "./private-file.ts";

/** Bits of a mode. */
export const WRITABLE_FOR_OTHERS = 0o022;
const STICKY = 0o1000;

const octal = ({ mode }: Stats): string => `0${(mode & 0o7777).toString(8)}`;

/** Why what this status is of cannot be relied on, as the end of "PATH …"; as sshd and cron judge. */
export function distrust(status: Stats): string | undefined {
  if (!isTrustedOwner(status.uid)) return `belongs to user ${status.uid}, who is neither root nor this program's user`;
  // A symbolic link has no mode of its own.
  if (status.isSymbolicLink() || (status.mode & WRITABLE_FOR_OTHERS) === 0) return undefined;
  return `is writable for others (mode ${octal(status)})`;
}

/**
 * Why other users could replace what is at this path, or change it: it, a directory above it or a symbolic link on the way
 * belongs to somebody else, or is writable for others. In a sticky directory (/tmp) nobody can replace what is another's.
 * @returns undefined if nobody could; what does not exist is nobody's
 */
export function distrustPath(path: string): string | undefined {
  return distrustChain(resolve(path)) ?? distrustChain(realOf(path));
}

function distrustChain(path: string): string | undefined {
  for (let at = path, isLast = true; ; at = dirname(at), isLast = false) {
    const status = lstatSync(at, { throwIfNoEntry: false });
    const isSticky = status !== undefined && !isLast && (status.mode & STICKY) !== 0 && isTrustedOwner(status.uid);
    const problem = status === undefined || isSticky ? undefined : distrust(status);
    if (problem !== undefined) return `${at} ${problem}`;
    if (at === dirname(at)) return undefined;
  }
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
