import { promises } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DiskHungError } from "../system/disk/calls.ts";
import { messageOf } from "../system/message-of.ts";

const LIMIT_MS = 2000;

/**
 * The names in a state directory; none if it does not exist.
 * @throws Error for the operator, or DiskHungError: the program must then be ended with `exitNow`
 */
export async function namesIn(directory: string, limitMs = LIMIT_MS): Promise<readonly string[]> {
  const timer = new AbortController();
  const late = sleep(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new DiskHungError(`${directory} cannot be read: its disk has not responded within ${limitMs / 1000} s`);
  });
  try {
    return await Promise.race([promises.readdir(directory), late]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    if (error instanceof DiskHungError) throw error;
    const what = `${directory} ([DEFAULT] state_path) cannot be read; run this as root or as the monitors' user`;
    throw new Error(`${what}: ${messageOf(error)}`, { cause: error });
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}

/** @throws DiskHungError: the program must then be ended with `exitNow`. What else is wrong with the directory is left to whoever uses it. */
export async function refuseHungDisk(directory: string): Promise<void> {
  try {
    await namesIn(directory);
  } catch (error) {
    if (error instanceof DiskHungError) throw error;
  }
}
