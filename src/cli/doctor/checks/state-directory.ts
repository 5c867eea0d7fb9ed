import { access, constants, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { distrustPath } from "../../../config/trust.ts";
import { messageOf } from "../../../system/message-of.ts";
import type { Check } from "../check.ts";
import { type Finding, ok } from "../finding.ts";

/** statfs(2): file systems that do not outlive a reboot, or the container. */
const PASSING: ReadonlyMap<number, string> = new Map([
  [0x01021994, "tmpfs"],
  [0x858458f6, "ramfs"],
  [0x794c7630, "overlay"],
]);
/** SQLite's write-ahead log needs memory that all processes share (sqlite.org/wal.html). */
const REMOTE: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB"],
]);
/** Free bytes: what a full outbox and what the monitors know take, several times. */
const LEAST_FREE = 64 * 1024 * 1024;
const LEAST_INODES = 50;

/** What is known of a file system. */
export interface FileSystem {
  /** As statfs(2) has it. */
  readonly type: number;
  readonly freeBytes: number;
  /** Undefined where it has no fixed number of them. */
  readonly freeInodes: number | undefined;
}

/** Whether notifications and what the monitors know would be on a disk, and survive. */
export const stateDirectory: Check = {
  name: "state directory",
  async run({ loaded }) {
    const path = loaded.config.DEFAULT.state_path;
    const there = await nearest(path);
    // The first call of all: where the disk hangs this waits, on a thread of its own.
    const { type, bavail, bsize, files, ffree } = await statfs(there);
    const found = judgeFileSystem(path, {
      type,
      freeBytes: bavail * bsize,
      freeInodes: files === 0 ? undefined : ffree,
    });
    const unusable = await whyUnusable(path, there);
    if (unusable !== undefined) found.push(unusable);
    if (found.length > 0) return found;
    return [
      ok(
        `${path}: ${Math.floor((bavail * bsize) / 1024 / 1024)} MB are free${there === path ? "" : `; ${there} is there, the rest will be made`}`,
      ),
    ];
  },
};

/** The path itself, or the directory above it that exists. @throws the system's error, of a server that is gone for instance */
async function nearest(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return false;
      throw error;
    },
  );
  return isThere || path === dirname(path) ? path : await nearest(dirname(path));
}

export function judgeFileSystem(path: string, { type, freeBytes, freeInodes }: FileSystem): Finding[] {
  const found: Finding[] = [];
  const passing = PASSING.get(type);
  if (passing !== undefined) {
    found.push({
      level: "problem",
      what: `${path} ([DEFAULT] state_path) is on ${passing}`,
      why: "undelivered notifications and what the monitors know are lost with a reboot, or with the container",
      fix:
        passing === "overlay"
          ? `mount a volume at ${path} that outlives the container`
          : "set [DEFAULT] state_path to a directory on a disk, or mount a volume there",
    });
  }
  const remote = REMOTE.get(type);
  if (remote !== undefined) {
    found.push({
      level: "problem",
      what: `${path} ([DEFAULT] state_path) is on ${remote}`,
      why: "a server that does not answer hangs it just when the host loses its network, and its locks cannot be relied on",
      fix: "set [DEFAULT] state_path to a directory on a local disk",
    });
  }
  if (freeBytes < LEAST_FREE || (freeInodes !== undefined && freeInodes < LEAST_INODES)) {
    const free = freeBytes < LEAST_FREE ? `${Math.floor(freeBytes / 1024 / 1024)} MB` : `${freeInodes} inodes`;
    found.push({
      level: "problem",
      what: `the disk of ${path} has ${free} left`,
      why: "on a full disk notifications are kept in memory only, and a stop loses them",
      fix: `free some space: df -h ${path}; df -i ${path}`,
    });
  }
  return found;
}

async function whyUnusable(path: string, there: string): Promise<Finding | undefined> {
  const problem = distrustPath(path)?.reason ?? (await whyNotWritable(there));
  if (problem === undefined) return undefined;
  return {
    level: "problem",
    what: `${path} ([DEFAULT] state_path) cannot be used: ${problem}`,
    why: "notifications are kept elsewhere, perhaps where the next reboot loses them",
    fix: `as root: install -d -m 0700 -o USER ${path}, with the user that the monitors run as`,
  };
}

async function whyNotWritable(there: string): Promise<string | undefined> {
  try {
    await access(there, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
