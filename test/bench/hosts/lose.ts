import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import type { Exchange } from "../../support/recording-proxy.ts";
import type { Cluster } from "../../system/pacemaker/cluster.ts";
import { LogLines } from "../../system/pacemaker/log-lines.ts";
import type { HostOptions, HostPeer } from "./host-peer.ts";

/** What became of a host that was killed. */
export interface Loss {
  /** ms from the kill to the first of the survivors' log lines that Pacemaker has lost it. */
  readonly toVerdict: number;
  /** ms from the kill to the log line that it was fenced; undefined without fencing. */
  readonly toFenced: number | undefined;
  /** By peer, in order: ms from the kill to the first POST, and the status of each response within `watchMs`. */
  readonly peers: readonly { readonly toPost: number; readonly statuses: readonly (number | undefined)[] }[];
}

const verdictMs = 120_000;
/** The monitors that are not first in rank would report by then: 5 s and 10 s later. */
const watchMs = 15_000;

export interface LossOptions {
  /** `monitoring_interval`, s. */
  readonly interval: number;
  readonly fencing: boolean;
  readonly options: HostOptions;
  /** A host that is killed with it, and whose BMC does not answer. */
  readonly besides?: string;
}

/** Starts the monitors of all peers anew, waits for a random phase of their interval, kills a host, and waits until all peers have posted. */
export async function loseOnce(
  cluster: Cluster,
  peers: readonly HostPeer[],
  name: string,
  { interval, fencing, options, besides }: LossOptions,
): Promise<Loss> {
  await cluster.restore();
  if (besides !== undefined) cluster.bmc(besides).setMode("silent");
  await Promise.all(peers.map((peer) => peer.start({ monitoring_interval: interval, ...options })));
  const survivors = cluster.nodes.filter((node) => node.name !== name && node.name !== besides);
  const logs = survivors.map((node) => new LogLines(`${node.folder}/log/pacemaker/pacemaker.log`));
  try {
    await sleep(2000 + Math.random() * interval * 1000);
    const from = peers.map((peer) => peer.site.masakari.exchanges.length);
    const killedAt = performance.now();
    await Promise.all([besides, name].map((one) => one !== undefined && cluster.node(one).kill()));
    const verdict = await seen(logs, new RegExp(`Node ${name} state is now lost`));
    const fenced = fencing ? await seen(logs, new RegExp(`Operation 'off' targeting ${name} by .*: OK`)) : undefined;
    const posts = await Promise.all(
      peers.map(async (peer, index) => {
        const posted = (): Exchange[] => peer.posts(name, from[index] ?? 0);
        const first = await eventually(`${peer.which}'s POST`, (interval + 120) * 1000, () => posted()[0], 100);
        await sleep(watchMs);
        return { toPost: first.arrivedAt - killedAt, statuses: posted().map(({ response }) => response?.status) };
      }),
    );
    return {
      toVerdict: verdict - killedAt,
      toFenced: fenced === undefined ? undefined : fenced - killedAt,
      peers: posts,
    };
  } finally {
    for (const log of logs) log.close();
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}

async function seen(logs: readonly LogLines[], pattern: RegExp): Promise<number> {
  await eventually(
    `a line ${pattern}`,
    verdictMs,
    () => logs.some((log) => log.at(pattern) !== undefined) || undefined,
  );
  return Math.min(...logs.map((log) => log.at(pattern) ?? Number.POSITIVE_INFINITY));
}
