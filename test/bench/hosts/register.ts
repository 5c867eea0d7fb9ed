import type { OpenStackAddress } from "../../system/openstack/servers.ts";
import { openSite } from "../../system/openstack/site.ts";
import type { Cluster } from "../../system/pacemaker/cluster.ts";

/** `MASAKARI_BENCH_LOSSES`: at most so many for each row, for a trial run whose figures are no result. */
export const losses = (wanted: number): number => Math.min(wanted, Number(process.env.MASAKARI_BENCH_LOSSES ?? wanted));

const registered = new Set<string>();

/** Registers the nodes once with the benchmark's Masakari: the names are the same in every cluster. */
export async function register(address: OpenStackAddress, cluster: Cluster): Promise<void> {
  const names = cluster.nodes.map(({ name }) => name).filter((name) => !registered.has(name));
  if (names.length === 0) return;
  const site = await openSite(address);
  await site.masakariApi.registerHosts(names);
  await site.close();
  for (const name of names) registered.add(name);
}
