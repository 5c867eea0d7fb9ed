import { existsSync } from "node:fs";
import { notInstalled } from "../installed.ts";

/** Unpacked by `install-packages.sh`: Debian 12 has no Consul, Debian 11 was the last that had one. */
export const consulProgram = "/var/cache/masakari-monitors-tests/consul/root/usr/bin/consul";

/** Why the tests with real Consul clusters cannot run here, or false if they can. With CI=true a skip is a failure. */
export async function missingForConsul(): Promise<string | false> {
  const absent = await notInstalled(["iproute2"]);
  if (!existsSync(consulProgram)) absent.push("consul");
  let reason: string | undefined;
  if (absent.length > 0) {
    reason = `not installed: ${absent.join(", ")} (sudo test/system/install-packages.sh, Debian 12)`;
  } else if (process.getuid?.() !== 0) {
    reason = "Consul clusters in network namespaces can be started by root only: run as root";
  }
  if (reason === undefined) return false;
  if (process.env.CI === "true") throw new Error(`CI=true, and the system tests cannot run: ${reason}`);
  return reason;
}
