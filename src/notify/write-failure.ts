const SQLITE_BUSY = 5;
const SQLITE_FULL = 13; // sqlite.org/rescode.html

const codeOf = (error: unknown): number => ((error as { errcode?: number }).errcode ?? 0) & 0xff;

/** Whether the connection that failed may succeed later: the disk was full, or another program held a transaction. */
export const isPassing = (error: unknown): boolean => [SQLITE_BUSY, SQLITE_FULL].includes(codeOf(error));

/** What an operator can do about it, as the beginning of a sentence. */
export function remedyFor(error: unknown): string {
  return codeOf(error) === SQLITE_BUSY
    ? "Another program holds a transaction on it: end that"
    : "Make room, or give the directory to this user";
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
