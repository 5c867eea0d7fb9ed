import { existsSync } from "node:fs";

/** Built by `install-packages.sh` of Debian's source package. */
export const KUBERNETES = "/var/cache/masakari-monitors-tests/kubernetes";

/** Why the tests with a real Kubernetes API cannot run here, or false if they can. With CI=true a skip is a failure. */
export function missingForKubernetes(): string | false {
  if (existsSync(`${KUBERNETES}/complete`)) return false;
  const reason = `not built: ${KUBERNETES} (sudo test/system/install-packages.sh, Debian 12)`;
  if (process.env.CI === "true") throw new Error(`CI=true, and the system tests cannot run: ${reason}`);
  return reason;
}
