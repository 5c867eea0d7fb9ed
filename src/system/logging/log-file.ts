import { closeSync, constants, existsSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Opens a log file; on a disk that hangs it is done by somebody else, who gives up in time. @throws the system's error */
export type OpenLogFile = (path: string) => void;

export const openFlags = (path: string): number => {
  const { O_WRONLY, O_RDWR, O_APPEND, O_CREAT, O_NONBLOCK, O_NOCTTY } = constants;
  // With a reading end of our own a named pipe can be opened before there is a reader, and holds lines for it (fifo(7)).
  const isPipe = statSync(path, { throwIfNoEntry: false })?.isFIFO() === true;
  return (isPipe ? O_RDWR : O_WRONLY) | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY;
};

/** For whichever thread runs them: makes the file, with its directory if need be, so that it can be opened at once. */
export const logFileOperations = {
  openLogFile(path: string): void {
    // One level only: a typing error in the path should be seen, not turned into a tree of directories.
    if (!existsSync(dirname(path))) mkdirSync(dirname(path));
    closeSync(openSync(path, openFlags(path), 0o640));
  },
};
