import { closeSync, openSync } from "node:fs";

/** Three socket pairs for its streams, a pipe that reports whether exec failed. */
const SPAWN_DESCRIPTORS = 8;

/**
 * Node does not close the sockets of a spawn that fails with EMFILE, so such a spawn must not be attempted: each would leave
 * fewer descriptors.
 * @returns the system's error if a process cannot be started now
 */
export function lackForSpawn(): NodeJS.ErrnoException | undefined {
  return lackOfDescriptors(SPAWN_DESCRIPTORS);
}

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
