import { closeSync, constants, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Not a database's, a lock's or a socket's name. */
const NAME = "disk-probe";

/** Writes one byte, in place, and has it on disk: as much as is needed to see whether the disk answers. @throws the system's error */
export function probeDisk(directory: string): void {
  writeProbe(directory, constants.O_CREAT, fdatasyncSync);
}

/**
 * Waits here, if the disk hangs. SQLite writes to the index of its log by memory mapping: a thread that waits in that holds the
 * process's memory map, and no other thread can start a process or get memory then (mmap_lock, Linux).
 */
export function waitForDisk(directory: string): void {
  try {
    // Made by the monitor: one that root has made would be of no use to it.
    writeProbe(directory, 0, () => undefined);
  } catch {
    // A disk that refuses a write answers.
  }
}

function writeProbe(directory: string, create: number, then: (fd: number) => void): void {
  const { O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = openSync(join(directory, NAME), create | O_WRONLY | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    writeSync(fd, "1", 0);
    then(fd);
  } finally {
    closeSync(fd);
  }
}
