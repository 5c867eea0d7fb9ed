import { closeSync, openSync } from "node:fs";

/**
 * Finds out whether this process can open `count` more file descriptors, by opening them.
 * @returns the system's error (EMFILE, ENFILE, ENOMEM) if it cannot
 */
export function lackOfDescriptors(count: number): NodeJS.ErrnoException | undefined {
  const opened: number[] = [];
  try {
    while (opened.length < count) opened.push(openSync("/dev/null", "r"));
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}
