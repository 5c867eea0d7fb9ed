import { isDead, type ProcTable, ProcTableError } from "../system/proc-table.ts";

/** As the kernel names their processes. apt's and dnf's own waits (a download, a question) are among it. */
const PACKAGE_MANAGERS = new Set(
  "dpkg apt apt-get aptitude unattended-upgr rpm dnf dnf5 microdnf yum zypper".split(" "),
);

/**
 * The package manager that root runs now, for a log line. Not by its lock file: that is its own affair, and cannot be read by
 * everybody.
 */
export function runningPackageManager(table: ProcTable): string | undefined {
  try {
    const pid = table.pids().find((one) => isPackageManager(one, table));
    return pid === undefined ? undefined : `${table.stat(pid)?.name} (pid ${pid})`;
  } catch (error) {
    if (error instanceof ProcTableError) return undefined;
    throw error;
  }
}

function isPackageManager(pid: number, table: ProcTable): boolean {
  const stat = table.stat(pid);
  if (!stat || !PACKAGE_MANAGERS.has(stat.name) || isDead(stat) || table.user(pid) !== 0) return false;
  // Ubuntu's unattended-upgrade-shutdown waits for the shutdown of the host, and does nothing before.
  return !table.commandLine(pid)?.includes("unattended-upgrade-shutdown");
}
