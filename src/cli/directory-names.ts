import { promises } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DiskHungError } from "../system/disk/calls.ts";

const LIMIT_MS = 2000;

/**
 * The names in a directory; none if it does not exist.
 * @throws the system's error, or DiskHungError: the program must then be ended with `exitNow`
 */
export async function namesIn(directory: string): Promise<readonly string[]> {
  const timer = new AbortController();
  const late = sleep(LIMIT_MS, undefined, { signal: timer.signal }).then(() => {
    throw new DiskHungError(`${directory} cannot be read: its disk has not responded within ${LIMIT_MS / 1000} s`);
  });
  try {
    return await Promise.race([promises.readdir(directory), late]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}
