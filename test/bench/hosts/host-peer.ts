import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Child } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";
import { notificationIn } from "../../support/notification-post.ts";
import type { Exchange } from "../../support/recording-proxy.ts";
import type { OpenStackAddress } from "../../system/openstack/servers.ts";
import { openSite, type Site } from "../../system/openstack/site.ts";
import type { Cluster } from "../../system/pacemaker/cluster.ts";
import { Gateway } from "../../system/pacemaker/gateway.ts";
import { addressOf } from "../../system/pacemaker/network.ts";
import type { ClusterNode } from "../../system/pacemaker/node.ts";

export type Which = "python" | "ours";
/** Lines of `[host]`. */
export type HostOptions = Readonly<Record<string, string | number>>;

const PORTS = { python: { keystone: 5001, masakari: 15861 }, ours: { keystone: 5002, masakari: 15862 } } as const;
/** What Python wants to know, and ours finds out. */
const pythonOptions: HostOptions = {
  pacemaker_node_type: "cluster",
  corosync_multicast_interfaces: "eth0",
  corosync_multicast_ports: 5405,
};
const checkout = "/run/checkout";
const readyMs = 180_000;
const RUN = { env: { MASAKARI_MONITORS_RUN: "build" } };

/** The host monitors of one implementation, one on each node of a cluster, as root, at their own proxy to the same API. */
export class HostPeer {
  readonly which: Which;
  readonly site: Site;
  readonly #cluster: Cluster;
  readonly #gateway: Gateway;
  readonly #region: string;
  readonly #monitors = new Map<string, Child>();
  #starts = 0;

  private constructor(which: Which, site: Site, cluster: Cluster, gateway: Gateway, region: string) {
    this.which = which;
    this.site = site;
    this.#cluster = cluster;
    this.#gateway = gateway;
    this.#region = region;
  }

  static async make(which: Which, address: OpenStackAddress, cluster: Cluster): Promise<HostPeer> {
    const site = await openSite(address);
    const { keystone, masakari } = PORTS[which];
    const services = new Map([
      [keystone, site.keystone.port],
      [masakari, site.masakari.port],
    ]);
    const gateway = await Gateway.open(join(cluster.folder, which), cluster.switch, services);
    // The site's own region leads to loopback, which the nodes do not share.
    const region = `Nodes-${randomUUID().slice(0, 8)}`;
    await site.keystoneApi.createRegion(region);
    await site.keystoneApi.createEndpoints("instance-ha", "masakari", region, `http://${addressOf(1)}:${masakari}/v1`);
    return new HostPeer(which, site, cluster, gateway, region);
  }

  /** Starts a monitor that knows nothing yet on each node; resolves when each has seen all others online. */
  async start(options: HostOptions): Promise<void> {
    this.#starts += 1;
    for (const node of this.#cluster.nodes) this.#monitors.set(node.name, this.#start(node, options));
    await Promise.all(this.#cluster.nodes.map((node) => this.#untilReady(node)));
  }

  /** The POSTs about a host in order of their arrival, since `from` (an earlier `site.masakari.exchanges.length`). */
  posts(name: string, from: number): Exchange[] {
    return this.site.masakari.matching((exchange) => notificationIn(exchange)?.hostname === name, from);
  }

  /** The pid of a node's monitor, as nsenter runs it: what belongs to it is below. */
  monitor(name: string): { readonly pid: number; readonly mark: string } {
    const monitor = this.#monitors.get(name);
    if (monitor === undefined) throw new Error(`no monitor runs on ${name}`);
    return { pid: monitor.pid, mark: this.#file(this.#cluster.node(name)) };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#monitors.values()].map((monitor) => monitor.stop("SIGKILL")));
    this.#monitors.clear();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#gateway.close();
    await this.site.keystoneApi.deleteRegion(this.#region);
    await this.site.close();
  }

  #file(node: ClusterNode): string {
    return join(node.folder, `${this.which}.conf`);
  }

  #start(node: ClusterNode, options: HostOptions): Child {
    const all = { ...(this.which === "python" && pythonOptions), ...options };
    const auth = `http://${addressOf(1)}:${PORTS[this.which].keystone}/v3`;
    const lines = [
      `[DEFAULT]\nhostname = ${node.name}\nstate_path = /run/state-${this.#starts}`,
      this.site.apiSection({ region: this.#region, auth_url: auth }),
      "[host]",
      ...Object.entries(all).map(([name, value]) => `${name} = ${value}`),
    ];
    const file = this.#file(node);
    writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
    const folder = this.which === "python" ? "/usr/bin" : `${checkout}/bin`;
    return node.spawn([`${folder}/masakari-hostmonitor`, "--config-file", file], RUN);
  }

  async #untilReady(node: ClusterNode): Promise<void> {
    const monitor = this.#monitors.get(node.name);
    if (monitor === undefined) return;
    const others = this.#cluster.nodes.filter((other) => other !== node).map(({ name }) => name);
    const list = [`${checkout}/bin/masakari-monitors`, "list", "--config-file", this.#file(node)];
    try {
      await eventually(
        `${this.which} on ${node.name} to see all others online`,
        readyMs,
        async () => {
          if (this.which === "python") {
            return others.every((name) => monitor.output.includes(`'${name}' as a new member`)) || undefined;
          }
          const { output } = await node.run(list, RUN);
          return output.match(/\bonline\b/g)?.length === others.length || undefined;
        },
        500,
      );
    } catch (cause) {
      throw new Error(`${this.which} on ${node.name}:\n${monitor.output.slice(-3000)}`, { cause });
    }
  }
}
