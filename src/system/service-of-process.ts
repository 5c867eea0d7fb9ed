import { closeSync, openSync, readSync } from "node:fs";

/** cgroups(7): a line per hierarchy, and there are a dozen. */
const READ_LIMIT = 8192;
/** systemd's hierarchy: the only one (cgroup v2), or the one of its name (v1). */
const SYSTEMDS = /^(?:0::|\d+:name=systemd:)(.*)$/;

/**
 * The systemd service in whose control group a process is, e.g. `nova-compute.service`: the innermost, for a container may
 * itself be one. Undefined for a process of a session, a user's systemd or a container, and for one that has ended.
 */
export function serviceOfProcess(pid: number | "self", root = "/proc"): string | undefined {
  return serviceIn(readStart(`${root}/${pid}/cgroup`) ?? "");
}

/** @param text what /proc/PID/cgroup holds */
export function serviceIn(text: string): string | undefined {
  for (const line of text.split("\n")) {
    const path = SYSTEMDS.exec(line)?.[1];
    if (path === undefined || path === "/") continue;
    const parts = path.split("/");
    if (parts.some((part) => part.startsWith("user@"))) return undefined;
    const last = parts.findLastIndex((part) => part.endsWith(".service"));
    // Below a scope begins somebody else's tree: a container, a session.
    if (last < 0 || parts.slice(last).some((part) => part.endsWith(".scope"))) return undefined;
    return parts[last];
  }
  return undefined;
}

function readStart(path: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    const buffer = Buffer.alloc(READ_LIMIT);
    return buffer.toString("utf8", 0, readSync(fd, buffer, 0, READ_LIMIT, 0));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
