import { existsSync } from "node:fs";
import { missingPackages } from "./packages.ts";

const directory = "/var/cache/masakari-monitors-tests/newer";

/**
 * Debian 13's openstacksdk 4.4.0, openstackclient 7.4.0, python-masakariclient 8.6.0 and masakari 19.0.0, unpacked by `install-packages.sh`.
 * They are Python alone; the rest that they need is Debian 12's.
 */
export const newer = {
  /** The environment in which Debian 12's Python runs them. */
  env: { PYTHONPATH: `${directory}/root/usr/lib/python3/dist-packages`, PYTHONDONTWRITEBYTECODE: "1" },
  pasteConfig: `${directory}/root/etc/masakari/api-paste.ini`,
} as const;

/** Why the tests with them cannot run here, or false if they can. With CI=true a skip is a failure. */
export async function missingNewer(): Promise<string | false> {
  const missing = await missingPackages();
  if (missing !== false || existsSync(`${directory}/complete`)) return missing;
  const reason = "Debian 13's clients are not unpacked (sudo test/system/install-packages.sh, Debian 12)";
  if (process.env.CI === "true") throw new Error(`CI=true, and the system tests cannot run: ${reason}`);
  return reason;
}
