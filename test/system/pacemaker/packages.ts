import { existsSync } from "node:fs";
import { notInstalled } from "../installed.ts";

/** What a cluster of its own needs of Debian 12; `install-packages.sh` installs the same. */
const packages = [
  "corosync",
  "pacemaker",
  "pacemaker-cli-utils",
  "cluster-glue",
  "fence-agents",
  "ipmitool",
  "openipmi",
  "tcpdump",
  "iproute2",
  "sudo",
  "procps",
];

/** Unpacked by `install-packages.sh`: its package conflicts with pacemaker's. */
export const pacemakerRemoted = "/var/cache/masakari-monitors-tests/pacemaker-remote/root/usr/sbin/pacemaker-remoted";

/** Why the tests with a real Pacemaker cluster cannot run here, or false if they can. With CI=true a skip is a failure. */
export async function missingForPacemaker(): Promise<string | false> {
  const absent = await notInstalled(packages);
  if (!existsSync(pacemakerRemoted)) absent.push("pacemaker-remoted");
  let reason: string | undefined;
  if (absent.length > 0) {
    reason = `not installed: ${absent.join(", ")} (sudo test/system/install-packages.sh, Debian 12)`;
  } else if (process.getuid?.() !== 0) {
    reason = "a cluster in namespaces of its own can be started by root only: run as root";
  }
  if (reason === undefined) return false;
  if (process.env.CI === "true") throw new Error(`CI=true, and the system tests cannot run: ${reason}`);
  return reason;
}
