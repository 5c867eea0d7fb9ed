import { notInstalled } from "../installed.ts";

/** What the tests with real servers need of Debian 12; `install-packages.sh` installs the same. */
const packages = [
  "keystone",
  "masakari-api",
  "masakari-engine",
  "masakari-common",
  "python3-masakariclient",
  "uwsgi-core",
  "uwsgi-plugin-python3",
] as const;
/** The Python monitor that `npm run bench` measures ours against. */
const peer = "masakari-process-monitor";

/**
 * Why the tests with a real OpenStack cannot run here, or false if they can. With CI=true a skip is a failure.
 * @param withPeer also ask for Debian's own process monitor
 */
export async function missingPackages(withPeer = false): Promise<string | false> {
  const absent = await notInstalled(withPeer ? [...packages, peer] : packages);
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
