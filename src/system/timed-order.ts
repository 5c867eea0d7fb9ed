import {
  chownSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Instant } from "./clock.ts";
import { nodeCrypto } from "./node-crypto.ts";

/** What an operator has ordered by a command, for some time. */
export interface TimedOrder {
  /** When it was given; its `mono` is negative if that was before this boot. */
  readonly since: Instant;
  readonly until: Instant;
  readonly reason: string;
  /** Who gave it. */
  readonly by: string;
  /** What it is about, where there may be several. */
  readonly key?: string;
}

/** As it is on disk. Its end is a length, because the wall clock may be set and the monotonic one ends with the boot. */
interface SavedOrder {
  readonly since: Instant;
  readonly boot_id: string;
  readonly seconds: number;
  readonly reason: string;
  readonly by: string;
  readonly key?: string;
}

export interface Moment {
  readonly now: Instant;
  /** From `readBootId()`. */
  readonly bootId: string;
}

const FILE_LIMIT = 16 * 1024;
const TEXT_LIMIT = 500;
/** A longer one was not written by this program: its end would be no date. */
const LONGEST_S = 366 * 86_400;

/** Writes an order in place of an earlier one; it counts as soon as this returns. @throws if it cannot be written */
export function writeOrder(
  path: string,
  order: Pick<SavedOrder, "seconds" | "reason" | "by" | "key">,
  { now, bootId }: Moment,
): void {
  const { uid, gid } = statSync(dirname(path));
  const written = `${path}.${nodeCrypto().randomBytes(6).toString("hex")}`;
  const saved: SavedOrder = { ...order, since: now, boot_id: bootId };
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

/** @returns undefined if there is none, or what is there is no order or could be another user's */
export function readOrder(path: string, { now, bootId }: Moment): TimedOrder | undefined {
  const saved = savedIn(readOwn(path));
  if (saved === undefined) return undefined;
  const ageMs = bootId !== "" && saved.boot_id === bootId ? now.mono - saved.since.mono : now.wall - saved.since.wall;
  const lengthMs = saved.seconds * 1000;
  // A clock that was set back does not make it longer than was ordered.
  const left = Math.min(lengthMs - ageMs, lengthMs);
  const since = { wall: now.wall - ageMs, mono: now.mono - ageMs };
  const until = { wall: now.wall + left, mono: now.mono + left };
  const { reason, by, key } = saved;
  return { since, until, reason, by, ...(key !== undefined && { key }) };
}

/** The text of a file of our own or root's; undefined for anything else. */
function readOwn(path: string): string | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let fd: number | undefined;
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const found = fstatSync(fd);
    const owners = [0, process.getuid?.() ?? 0];
    if (process.getuid?.() === 0) owners.push(statSync(dirname(path)).uid);
    if (!found.isFile() || found.size > FILE_LIMIT || !owners.includes(found.uid) || (found.mode & 0o022) !== 0) {
      return undefined;
    }
    return readFileSync(fd, "utf8");
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function savedIn(text: string | undefined): SavedOrder | undefined {
  try {
    const { since, boot_id, seconds, reason, by, key } = (JSON.parse(text ?? "") ?? {}) as Partial<SavedOrder>;
    const isOrder =
      typeof since?.mono === "number" &&
      typeof since.wall === "number" &&
      typeof boot_id === "string" &&
      typeof seconds === "number" &&
      seconds <= LONGEST_S;
    if (!isOrder) return undefined;
    const saved = { since, boot_id, seconds, reason: plain(reason), by: plain(by) };
    return typeof key === "string" ? { ...saved, key } : saved;
  } catch {
    return undefined;
  }
}

/** It is shown in the log and in a terminal. */
function plain(text: unknown): string {
  if (typeof text !== "string") return "";
  return text
    .replace(/\p{C}+/gu, " ")
    .trim()
    .slice(0, TEXT_LIMIT);
}
