import { readFile, statfs } from "node:fs/promises";
import type { Loaded } from "../../config/load.ts";
import { lockHolder } from "../../notify/state-lock.ts";
import { fallbackPlaces, stateEnvironment } from "../state-place.ts";

/** A monitor that runs with this configuration, and with which rights. */
export interface RunningMonitor {
  readonly pid: number;
  /** Effective. */
  readonly uid: number;
  /** `NoNewPrivileges=` of its unit: sudo cannot work in it. */
  readonly noNewPrivileges: boolean;
}

/** @returns undefined if it does not run, or cannot be seen from here */
export async function runningMonitor({ config }: Loaded, name: string): Promise<RunningMonitor | undefined> {
  const { state_path: path } = config.DEFAULT;
  // Where the disk hangs this waits, on a thread of its own; a directory that is not there has no lock either.
  await statfs(path).catch(() => undefined);
  const places = [path, ...fallbackPlaces(path, stateEnvironment())];
  const pid = places.map((place) => lockHolder(place, name)).find((found) => found !== undefined);
  if (pid === undefined) return undefined;
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const [, uid] = /^Uid:\s+\d+\s+(\d+)/m.exec(status) ?? [];
  if (uid === undefined) return undefined;
  return { pid, uid: Number(uid), noNewPrivileges: /^NoNewPrivs:\s*1$/m.test(status) };
}
