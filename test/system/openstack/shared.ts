import { readFileSync } from "node:fs";
import { type OpenStackAddress, type OpenStackOptions, startOpenStack } from "./servers.ts";
import { openSite, type Site } from "./site.ts";

/** Where `test/system/global-setup.ts` writes how to reach the servers that the suites of one run share. */
export const sharedAddressVariable = "MASAKARI_TEST_OPENSTACK";

/**
 * Masakari's own duplicate interval (180 s) would hide a monitor that notifies the same failure twice with different times;
 * with none, only a true repeat (same time) is a duplicate.
 */
export const forTests: OpenStackOptions = { engine: true, duplicateInterval: 0 };

/** A site at the run's shared servers; where there are none, at servers started (and stopped) for this suite alone. */
export async function enterOpenStack(): Promise<Site> {
  const shared = process.env[sharedAddressVariable];
  if (shared !== undefined) {
    return await openSite(JSON.parse(readFileSync(shared, "utf8")) as OpenStackAddress);
  }
  return await enterOwnOpenStack();
}

/** A site at servers started (and stopped) for this suite alone, whose segments or endpoints would be in the way of others, or theirs in its. */
export async function enterOwnOpenStack(): Promise<Site> {
  const servers = await startOpenStack(forTests);
  try {
    const site = await openSite(servers.address);
    return {
      ...site,
      close: async () => {
        await site.close();
        await servers.stop();
      },
    };
  } catch (error) {
    await servers.stop();
    throw error;
  }
}
