import { lstatSync } from "node:fs";

/** The number of the file at this path; undefined if there is none, or it cannot be seen. */
export function inodeAt(path: string): number | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.ino;
  } catch {
    return undefined;
  }
}

/** Whether the path no longer leads to the file of this number. False where that cannot be seen: a disk that has failed gives EIO. */
export function isDisplaced(path: string, inode: number | undefined): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.ino !== inode;
  } catch (error) {
    // What was the directory is a file now.
    return (error as NodeJS.ErrnoException).code === "ENOTDIR";
  }
}
