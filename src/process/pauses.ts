import { createHash, randomBytes } from "node:crypto";
import {
  chownSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Instant } from "../system/clock.ts";

/** Planned work on one entry: until its end the process is neither restarted nor notified. */
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

/** As it is on disk. Its end is a length, because the wall clock may be set and the monotonic one ends with the boot. */
interface SavedPause {
  readonly key: string;
  readonly since: Instant;
  readonly boot_id: string;
  readonly seconds: number;
  readonly reason: string;
  readonly by: string;
}

const PREFIX = "processmonitor.pause-";
const SUFFIX = ".json";
/** A longer one would be forgotten. */
export const LONGEST_PAUSE_S = 30 * 86_400;
const FILE_LIMIT = 16 * 1024;
const TEXT_LIMIT = 500;
const NAME_LIMIT = 80;

export interface PausesParts {
  /** `[DEFAULT] state_path` */
  readonly statePath: string;
  readonly now: Instant;
  /** From `readBootId()`. */
  readonly bootId: string;
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
  { statePath, now, bootId }: PausesParts,
  pause: Pick<SavedPause, "key" | "seconds" | "reason" | "by">,
): void {
  const { uid, gid } = statSync(statePath);
  const path = pathOf(statePath, pause.key);
  const written = `${path}.${randomBytes(6).toString("hex")}`;
  const saved: SavedPause = { ...pause, since: now, boot_id: bootId };
  try {
    writeFileSync(written, `${JSON.stringify(saved)}\n`, { flag: "wx", mode: 0o600 });
    // Root writes it for a monitor that runs as another user.
    if (process.getuid?.() === 0) chownSync(written, uid, gid);
    renameSync(written, path);
  } catch (error) {
    rmSync(written, { force: true });
    throw error;
  }
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

function* pauseFiles({ statePath, now, bootId }: PausesParts): Generator<readonly [path: string, pause: Pause]> {
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
    const saved = savedIn(readOwn(path));
    if (saved === undefined) continue;
    const lengthMs = saved.seconds * 1000;
    const sameBoot = bootId !== "" && saved.boot_id === bootId;
    const leftMs = sameBoot ? saved.since.mono + lengthMs - now.mono : saved.since.wall + lengthMs - now.wall;
    // A clock that was set back does not make a pause longer than it was asked for.
    const left = Math.min(leftMs, lengthMs);
    const { key, reason, by } = saved;
    yield [path, { key, reason, by, until: now.mono + left, untilWall: now.wall + left }];
  }
}

function pathOf(statePath: string, key: string): string {
  const readable = key.replace(/[^\w.-]+/g, "_").slice(0, NAME_LIMIT);
  const exact = createHash("sha256").update(key).digest("hex").slice(0, 16);
  return join(statePath, `${PREFIX}${readable}-${exact}${SUFFIX}`);
}

/** The text of a file of our own or root's; undefined for anything else. */
function readOwn(path: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(fd);
    const owners = [0, process.getuid?.() ?? 0];
    if (process.getuid?.() === 0) owners.push(statSync(join(path, "..")).uid);
    if (!stat.isFile() || stat.size > FILE_LIMIT || !owners.includes(stat.uid) || (stat.mode & 0o022) !== 0) return;
    const buffer = Buffer.alloc(stat.size);
    return buffer.toString("utf8", 0, readSync(fd, buffer, 0, buffer.length, 0));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function savedIn(text: string | undefined): SavedPause | undefined {
  try {
    const saved = JSON.parse(text ?? "") as Partial<SavedPause> | null;
    const { key, since, boot_id, seconds, reason, by } = saved ?? {};
    const sound =
      typeof key === "string" &&
      typeof since?.mono === "number" &&
      typeof since.wall === "number" &&
      typeof boot_id === "string" &&
      typeof seconds === "number" &&
      seconds <= LONGEST_PAUSE_S;
    if (!sound) return undefined;
    return { key, since, boot_id, seconds, reason: plain(reason), by: plain(by) };
  } catch {
    return undefined;
  }
}

/** It is shown in the log and in a terminal. */
function plain(text: unknown): string {
  return typeof text === "string"
    ? text
        .replace(/\p{C}+/gu, " ")
        .trim()
        .slice(0, TEXT_LIMIT)
    : "";
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // On a read-only disk it stays, and counts no more all the same.
  }
}
