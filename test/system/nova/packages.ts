import { existsSync } from "node:fs";
import { notInstalled } from "../installed.ts";

/** What a real Nova needs of Debian 12. nova-compute's own package would bring QEMU; the program is in python3-nova. */
const packages = [
  "python3-nova",
  "nova-api",
  "nova-conductor",
  "nova-scheduler",
  "placement-api",
  "rabbitmq-server",
  "mariadb-server-core",
  "mariadb-client-core",
];

/** Left by `install-packages.sh --whole-chain`: from then on these tests run on this machine or fail. */
const wanted = "/var/cache/masakari-monitors-tests/whole-chain";

/**
 * Why the test with a real Nova cannot run here, or false if it can. It is optional, in CI too, until
 * `install-packages.sh --whole-chain` was run.
 */
export async function missingForNova(): Promise<string | false> {
  const absent = await notInstalled(packages);
  if (absent.length === 0) return false;
  const reason = `not installed: ${absent.join(", ")} (sudo test/system/install-packages.sh --whole-chain, Debian 12)`;
  if (existsSync(wanted)) throw new Error(`install-packages.sh --whole-chain was run here, but ${reason}`);
  return reason;
}
