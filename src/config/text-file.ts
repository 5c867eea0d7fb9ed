import { isUtf8 } from "node:buffer";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** A configuration file larger than this is a mistake (a log, a device), not a configuration. Bytes. */
const MAX_TEXT_BYTES = 1024 * 1024;

export type TextFile =
  | { readonly text: string }
  /** `missing` is set when there is simply no such file, `denied` when this user may not read it; the reason reads as the end of "FILE …". */
  | {
      readonly reason: string;
      readonly line: number | undefined;
      readonly missing: boolean;
      readonly denied?: boolean;
    };

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist: a part of its path is not a directory",
  EACCES: "cannot be read: permission denied",
  EISDIR: "is a directory, not a file",
  ELOOP: "cannot be read: too many symbolic links",
  ENAMETOOLONG: "cannot be read: its name is too long",
};

function failure(error: unknown): TextFile {
  const { code, message } = error as NodeJS.ErrnoException;
  return {
    reason: reasons[code ?? ""] ?? `cannot be read: ${message}`,
    line: undefined,
    missing: code === "ENOENT" || code === "ENOTDIR",
    denied: code === "EACCES",
  };
}

function readBounded(path: string, maxBytes: number): Buffer | string {
  // Without O_NONBLOCK a named pipe that nobody writes to would hang the program at its start.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = fstatSync(descriptor);
    if (status.isDirectory()) return "is a directory, not a file";
    // /dev/null is a usual way to write "no file".
    if (!status.isFile() && !status.isCharacterDevice()) return "is not a regular file";
    const chunks: Buffer[] = [];
    let total = 0;
    while (total <= maxBytes) {
      const chunk = Buffer.allocUnsafe(64 * 1024);
      const length = readSync(descriptor, chunk, 0, chunk.length, null);
      if (length === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, length));
      total += length;
    }
    return `is larger than ${maxBytes / 1024} KiB; that is not a configuration file`;
  } finally {
    closeSync(descriptor);
  }
}

const lineOf = (bytes: Buffer, end: number): number => {
  let line = 1;
  for (let at = bytes.indexOf(10); at !== -1 && at < end; at = bytes.indexOf(10, at + 1)) line += 1;
  return line;
};

/** The line of the first byte that is not UTF-8. */
function firstBadLine(bytes: Buffer): number {
  // All before `good` is UTF-8, and not all before `bad`. Half of what is between ends somewhere within a line.
  let [good, bad] = [0, bytes.length];
  while (bytes.indexOf(10, good) !== -1 && bytes.indexOf(10, good) + 1 < bad) {
    const middle = good + Math.floor((bad - good) / 2);
    const before = bytes.lastIndexOf(10, middle - 1) + 1;
    const end = before > good ? before : bytes.indexOf(10, good) + 1;
    if (isUtf8(bytes.subarray(good, end))) good = end;
    else bad = end;
  }
  return lineOf(bytes, good);
}

/** Reads a small UTF-8 text file, without its byte order mark. Never throws: what is wrong comes back as a reason. */
export function readTextFile(path: string, maxBytes = MAX_TEXT_BYTES): TextFile {
  let bytes: Buffer | string;
  try {
    bytes = readBounded(path, maxBytes);
  } catch (error) {
    return failure(error);
  }
  if (typeof bytes === "string") return { reason: bytes, line: undefined, missing: false };
  const nul = bytes.indexOf(0);
  if (nul !== -1) {
    return { reason: "holds a NUL byte; it is not a text file", line: lineOf(bytes, nul), missing: false };
  }
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { reason: "is not UTF-8 text", line: firstBadLine(bytes), missing: false };
  }
}
