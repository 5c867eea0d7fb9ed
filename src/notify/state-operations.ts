import { dirname } from "node:path";
import type { DiskCalls } from "../system/disk/calls.ts";
import type { PlainError } from "../system/disk/protocol.ts";
import { moveAside, rescue } from "./database-recovery.ts";
import { probeDisk, waitForDisk } from "./disk-probe.ts";
import {
  type Batch,
  type Contents,
  DisplacedError,
  openStateFile,
  type StateFile,
  StateFileError,
  visitStateFile,
} from "./state-file.ts";

/** What a program does with its database. */
export interface StateFiles {
  /** @throws as `openStateFile` */
  open(path: string): StateFile;
  /** @throws as `visitStateFile` */
  visit(path: string): StateFile;
  /** As `rescue`. */
  rescue(path: string): Contents;
  /** As `moveAside`. */
  moveAside(path: string, stamp: string): string | undefined;
}

/** By path: a process has one connection to a file, or they would give up each other's locks (fcntl(2)). */
const files = new Map<string, StateFile>();

function opened(path: string): StateFile {
  waitForDisk(dirname(path));
  const file = files.get(path);
  if (file === undefined) throw new Error(`${path} is not open`);
  return file;
}

function close(path: string): void {
  const file = files.get(path);
  if (file === undefined) return;
  waitForDisk(dirname(path));
  files.delete(path);
  file.close();
}

/** The operations on databases, for whichever thread runs them. */
export const stateOperations = {
  openState(path: string): void {
    // One whose opening, or closing, was given up because the disk hung.
    close(path);
    waitForDisk(dirname(path));
    files.set(path, openStateFile(path));
  },
  visitState(path: string): void {
    close(path);
    waitForDisk(dirname(path));
    files.set(path, visitStateFile(path));
  },
  loadState: (path: string) => opened(path).load(),
  readEntry: (path: string, id: string) => opened(path).read(id),
  writeState: (path: string, batch: Batch) => opened(path).write(batch),
  endedEntries: (path: string) => opened(path).ended(),
  /** Of one that is not open nothing is displaced: another thread had it, which has ended, and it is to be opened again. */
  stateDisplaced(path: string): string | undefined {
    waitForDisk(dirname(path));
    return files.get(path)?.displaced?.();
  },
  closeState: close,
  rescueState: rescue,
  moveStateAside: moveAside,
  probeDisk,
};

/** A program's databases, used by way of `disk`. */
export function stateFilesOn(disk: DiskCalls<typeof stateOperations>): StateFiles {
  const fileAt = (path: string): StateFile => ({
    load: () => disk.call("loadState", path),
    read: (id) => disk.call("readEntry", path, id),
    write: ({ entries, saved }) => disk.call("writeState", path, { entries: [...entries], saved: [...saved] }),
    ended: () => disk.call("endedEntries", path),
    displaced: () => disk.call("stateDisplaced", path),
    close: () => disk.call("closeState", path),
  });
  return {
    open(path) {
      disk.call("openState", path);
      return fileAt(path);
    },
    visit(path) {
      disk.call("visitState", path);
      return fileAt(path);
    },
    rescue: (path) => disk.call("rescueState", path),
    moveAside: (path, stamp) => disk.call("moveStateAside", path, stamp),
  };
}

/** The errors of this room, of what is left of them when they come from another thread; undefined for all others. */
export function reviveStateError({ code, message, isForeign = false }: PlainError): Error | undefined {
  if (code === "STATE_FILE_UNUSABLE") return new StateFileError(message, { isForeign });
  if (code === "STATE_FILE_DISPLACED") return new DisplacedError(message);
  return undefined;
}
