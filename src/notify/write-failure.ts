import { DiskHungError } from "../system/disk/calls.ts";
import type { Logger } from "../system/log.ts";
import { messageOf } from "../system/message-of.ts";

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13; // sqlite.org/rescode.html

const codeOf = (error: unknown): number => ((error as { errcode?: number }).errcode ?? 0) & 0xff;

/** Whether the connection that failed may succeed later: the disk was full, or hung, or another program held a transaction. */
export const isPassing = (error: unknown): boolean =>
  error instanceof DiskHungError || [SQLITE_BUSY, SQLITE_FULL].includes(codeOf(error));

/** What an operator can do about it, as the beginning of a sentence. */
function remedyFor(error: unknown): string {
  if (error instanceof DiskHungError) return "Check the disk and the path to it (dmesg, multipath -ll)";
  return codeOf(error) === SQLITE_BUSY
    ? "Another program holds a transaction on it: end that"
    : "Make room, or give the directory to this user";
}

/** To be logged once, when it begins. */
export function logUnwritable(path: string, error: unknown, log: Logger): void {
  log.critical(
    `${path} cannot be written (${messageOf(error)}): notifications and state are kept in memory only and would be lost ` +
      `if this program stopped now. They are still delivered. ${remedyFor(error)}; writing is tried again by itself.`,
  );
}
