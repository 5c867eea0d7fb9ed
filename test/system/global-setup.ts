import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missingPackages } from "./openstack/packages.ts";
import { type OpenStackServers, startOpenStack } from "./openstack/servers.ts";
import { forTests, sharedAddressVariable } from "./openstack/shared.ts";

/**
 * One OpenStack for all system suites of a run:
 * `node --test --test-global-setup=test/system/global-setup.ts test/system/*.test.ts`.
 * Without it each suite starts its own, which takes 20 s more for each.
 */
let running: { readonly servers: OpenStackServers; readonly directory: string } | undefined;

export async function globalSetup(): Promise<void> {
  if ((await missingPackages()) !== false) return;
  const servers = await startOpenStack(forTests);
  const directory = await mkdtemp(join(tmpdir(), "masakari-openstack-address-"));
  const file = join(directory, "address.json");
  await writeFile(file, JSON.stringify(servers.address), { mode: 0o600 });
  process.env[sharedAddressVariable] = file;
  running = { servers, directory };
}

export async function globalTeardown(): Promise<void> {
  if (running === undefined) return;
  await running.servers.stop();
  await rm(running.directory, { recursive: true, force: true });
}
