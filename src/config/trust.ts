import { lstatSync, realpathSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";

/** Bits of a mode. */
export const WRITABLE_FOR_OTHERS = 0o022;
const STICKY = 0o1000;

/** As sshd and cron see it: what this user and root have made can be relied on. */
export function isTrustedOwner(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}

/** Somebody else can replace or change what is at a path. */
export interface Distrust {
  /** The path at fault and what is wrong with it. */
  readonly reason: string;
  /** It is no more than that a directory above belongs to another user, as Debian's /etc/masakarimonitors to `masakari`. */
  readonly isOnlyOwner: boolean;
}

/**
 * Why other users could replace what is at this path, or change it: it, a directory above it or a symbolic link on the way
 * belongs to somebody else, or is writable for others. In a sticky directory (/tmp) nobody can replace what is another's.
 * @returns the worst reason; undefined if nobody could. What does not exist is nobody's; what this user may not even examine it cannot
 *   open either, which is reported then
 */
export function distrustPath(path: string): Distrust | undefined {
  const found = [...new Set([...pathsTo(resolve(path)), ...pathsTo(realOf(path))])].flatMap((one) => {
    const problem = distrust(one, one === resolve(path) || one === realOf(path));
    return problem === undefined ? [] : [problem];
  });
  return found.find(({ isOnlyOwner }) => !isOnlyOwner) ?? found[0];
}

function distrust(path: string, isLast: boolean): Distrust | undefined {
  const status = statusOf(path);
  if (status === undefined) return undefined;
  if (!isTrustedOwner(status.uid)) {
    const reason = `${path} belongs to user ${status.uid}, who is neither root nor this program's user`;
    return { reason, isOnlyOwner: !isLast && status.isDirectory() && !isOpen(status, isLast) };
  }
  return isOpen(status, isLast)
    ? { reason: `${path} is writable for others (mode 0${(status.mode & 0o7777).toString(8)})`, isOnlyOwner: false }
    : undefined;
}

function statusOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** A symbolic link has no mode of its own, and /dev/null is for everybody. */
function isOpen(status: Stats, isLast: boolean): boolean {
  if (status.isSymbolicLink() || status.isCharacterDevice()) return false;
  const protectedByStickiness = !isLast && (status.mode & STICKY) !== 0;
  return (status.mode & WRITABLE_FOR_OTHERS) !== 0 && !protectedByStickiness;
}

function pathsTo(path: string): string[] {
  const above = dirname(path);
  return above === path ? [path] : [...pathsTo(above), path];
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
