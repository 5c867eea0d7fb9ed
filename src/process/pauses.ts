import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { nodeCrypto } from "../system/node-crypto.ts";
import { type Moment, readOrder, writeOrder } from "../system/timed-order.ts";

/** Planned work on one entry: until its end the process is neither restarted nor reported. */
export interface Pause {
  readonly key: string;
  /** Monotonic ms. */
  readonly until: number;
  /** ms since the Unix epoch. */
  readonly untilWall: number;
  readonly reason: string;
  /** Who asked for it. */
  readonly by: string;
}

const PREFIX = "processmonitor.pause-";
const SUFFIX = ".json";
/** A longer one would be forgotten. */
export const LONGEST_PAUSE_S = 30 * 86_400;
const NAME_LIMIT = 80;

export interface PausesParts extends Moment {
  /** `[DEFAULT] state_path` */
  readonly statePath: string;
}

/**
 * The pauses that have not ended, in order of their keys. Files of those that have are removed; one that is not a pause, or that
 * another user could have written, is ignored.
 * @throws if state_path cannot be read
 */
export function readPauses(parts: PausesParts): readonly Pause[] {
  const pauses: Pause[] = [];
  for (const [path, pause] of pauseFiles(parts)) {
    if (pause.until > parts.now.mono) pauses.push(pause);
    else remove(path);
  }
  return pauses.sort((one, other) => (one.key < other.key ? -1 : 1));
}

/** For whichever thread runs them. */
export const pauseOperations = { readPauses };

/** Writes a pause in place of an earlier one of the same entry; it counts as soon as this returns. @throws if it cannot be written */
export function writePause(
  { statePath, ...moment }: PausesParts,
  pause: { readonly key: string; readonly seconds: number; readonly reason: string; readonly by: string },
): void {
  writeOrder(pathOf(statePath, pause.key), pause, moment);
}

/** Ends the pauses that `wanted` accepts. @returns their keys */
export function endPauses(parts: PausesParts, wanted: (key: string) => boolean): readonly string[] {
  const ended: string[] = [];
  for (const [path, { key }] of pauseFiles(parts)) {
    if (!wanted(key)) continue;
    rmSync(path, { force: true });
    ended.push(key);
  }
  return ended.toSorted((one, other) => (one < other ? -1 : 1));
}

function* pauseFiles({ statePath, ...moment }: PausesParts): Generator<readonly [path: string, pause: Pause]> {
  let names: string[];
  try {
    names = readdirSync(statePath);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  for (const name of names) {
    if (!name.startsWith(PREFIX) || !name.endsWith(SUFFIX)) continue;
    const path = join(statePath, name);
    const order = readOrder(path, moment);
    if (order?.key === undefined || order.until.mono - order.since.mono > LONGEST_PAUSE_S * 1000) continue;
    const { key, reason, by, until } = order;
    yield [path, { key, reason, by, until: until.mono, untilWall: until.wall }];
  }
}

function pathOf(statePath: string, key: string): string {
  const readable = key.replace(/[^\w.-]+/g, "_").slice(0, NAME_LIMIT);
  const exact = nodeCrypto().createHash("sha256").update(key).digest("hex").slice(0, 16);
  return join(statePath, `${PREFIX}${readable}-${exact}${SUFFIX}`);
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // On a read-only disk it stays, and counts no more all the same.
  }
}
