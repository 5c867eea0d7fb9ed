import { notInstalled } from "../installed.ts";

/** What the tests with real servers need of Debian 12; `install-packages.sh` installs the same. */
const packages = [
  "keystone",
  "masakari-api",
  "masakari-engine",
  "masakari-common",
  "python3-masakariclient",
  "python3-openstackclient",
  "uwsgi-core",
  "uwsgi-plugin-python3",
] as const;
/** The Python monitors that `npm run bench` measures ours against; both bring the introspective one too. */
const peers = ["masakari-process-monitor", "masakari-instance-monitor", "masakari-host-monitor"] as const;

/**
 * Why the tests with a real OpenStack cannot run here, or false if they can. With CI=true a skip is a failure.
 * @param withPeers also ask for Debian's own monitors
 */
export async function missingPackages(withPeers = false): Promise<string | false> {
  const absent = await notInstalled(withPeers ? [...packages, ...peers] : packages);
  const reasons: string[] = [];
  if (absent.length > 0) {
    reasons.push(`not installed: ${absent.join(", ")} (sudo test/system/install-packages.sh, Debian 12)`);
  } else if (process.getuid?.() !== 0) {
    reasons.push("Keystone's and Masakari's configuration is readable by root only: run as root");
  }
  const reason = reasons[0];
  if (reason === undefined) return false;
  if (process.env.CI === "true") throw new Error(`CI=true, and the system tests cannot run: ${reason}`);
  return reason;
}
