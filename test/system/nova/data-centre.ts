import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Child } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";
import type { Host } from "../openstack/masakari-api.ts";
import { Cluster } from "../pacemaker/cluster.ts";
import { Gateway } from "../pacemaker/gateway.ts";
import { addressOf } from "../pacemaker/network.ts";
import type { ClusterNode } from "../pacemaker/node.ts";
import { brokerUrl, type Cloud, hostsReady, startCloud } from "./cloud.ts";
import { type Heartbeat, novaConf } from "./settings.ts";

const checkout = "/run/checkout";
const RUN = { env: { MASAKARI_MONITORS_RUN: process.env.MASAKARI_MONITORS_RUN ?? "source" } };
/** The ports of the gateway, as the services have them in a cloud. */
const PORTS = { keystone: 5000, masakari: 15868, broker: 5672, placement: 8778, images: 9292 };
const onlineMs = 120_000;

export interface DataCentreOptions {
  readonly heartbeat: Heartbeat;
  /** Lines of masakari.conf's `[DEFAULT]`. */
  readonly masakari: string;
}

/**
 * A cloud whose compute hosts are the nodes of a real Pacemaker cluster with fencing devices: on each node nova-compute (with Nova's
 * fake hypervisor) and this project's host monitor, in one segment.
 */
export class DataCentre {
  readonly cloud: Cloud;
  readonly cluster: Cluster;
  /** In one segment. */
  readonly hosts: readonly Host[];
  readonly #gateway: Gateway;
  readonly #computes = new Map<string, Child>();
  readonly #monitors = new Map<string, Child>();

  private constructor(cloud: Cloud, cluster: Cluster, hosts: readonly Host[], gateway: Gateway) {
    this.cloud = cloud;
    this.cluster = cluster;
    this.hosts = hosts;
    this.#gateway = gateway;
  }

  static async start({ heartbeat, masakari }: DataCentreOptions): Promise<DataCentre> {
    const monitorsMasakariUrl = `http://${addressOf(1)}:${PORTS.masakari}/v1`;
    const [cloud, cluster] = await Promise.all([
      startCloud({ heartbeat, masakari, monitorsMasakariUrl }),
      Cluster.start({ members: 3, fencing: true }),
    ]);
    try {
      const services = new Map([
        [PORTS.keystone, cloud.keystonePort],
        [PORTS.masakari, cloud.masakariCalls.port],
        [PORTS.broker, cloud.brokerPort],
        [PORTS.placement, cloud.placementPort],
        [PORTS.images, cloud.imagesPort],
      ]);
      const gateway = await Gateway.open(cluster.folder, cluster.switch, services);
      const names = cluster.nodes.map(({ name }) => name);
      const computes = cluster.nodes.map((node) => [node.name, startCompute(node, cloud, heartbeat)] as const);
      await hostsReady(cloud, names);
      const centre = new DataCentre(cloud, cluster, await cloud.masakari.registerHosts(names), gateway);
      for (const [name, compute] of computes) centre.#computes.set(name, compute);
      await Promise.all(cluster.nodes.map((node) => centre.#startMonitor(node)));
      return centre;
    } catch (error) {
      const logs = cloud.logs();
      await Promise.all([cloud.stop(), cluster.stop()]);
      throw new Error(`the data centre does not start; the servers' logs end with:\n${logs}`, { cause: error });
    }
  }

  node(name: string): ClusterNode {
    return this.cluster.node(name);
  }

  host(name: string): Host {
    const host = this.hosts.find((one) => one.name === name);
    if (host === undefined) throw new Error(`${name} is not in the segment`);
    return host;
  }

  /** The end of what everything has logged. */
  logs(): string {
    const of = (kind: string, children: ReadonlyMap<string, Child>): string[] =>
      [...children].map(([name, { output }]) => `--- ${kind} of ${name}\n${output.slice(-3000)}`);
    return [...of("host monitor", this.#monitors), ...of("nova-compute", this.#computes), this.cloud.logs()].join("\n");
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#monitors.values(), ...this.#computes.values()].map((child) => child.stop("SIGKILL")));
    await this.#gateway.close();
    await Promise.all([this.cloud.stop(), this.cluster.stop()]);
  }

  /** With all options at their defaults. Resolves when it sees the others online. */
  async #startMonitor(node: ClusterNode): Promise<void> {
    const file = join(node.folder, "host-monitor.conf");
    const { user, monitorsRegion } = this.cloud;
    writeFileSync(
      file,
      `[DEFAULT]
hostname = ${node.name}
state_path = /run/masakari-state
[api]
region = ${monitorsRegion}
auth_url = http://${addressOf(1)}:${PORTS.keystone}/v3
username = ${user.username}
password = ${user.password}
project_name = ${user.project}
user_domain_name = Default
project_domain_name = Default
`,
      { mode: 0o600 },
    );
    const program = `${checkout}/bin/masakari-hostmonitor`;
    this.#monitors.set(node.name, node.spawn([program, "--config-file", file], RUN));
    await eventually(`${node.name}'s monitor to see the others online`, onlineMs, async () => {
      const list = [`${checkout}/bin/masakari-monitors`, "list", "--config-file", file];
      const { output } = await node.run(list, RUN);
      return output.match(/\bonline\b/g)?.length === this.hosts.length - 1 ? true : undefined;
    });
  }
}

/** Inside the node, so that it ends with it. */
function startCompute(node: ClusterNode, cloud: Cloud, heartbeat: Heartbeat): Child {
  const folder = join(node.folder, "nova");
  mkdirSync(folder);
  const at = addressOf(1);
  const places = {
    keystoneUrl: `http://${at}:${PORTS.keystone}/v3`,
    brokerUrl: brokerUrl(at, PORTS.broker),
    placementUrl: `http://${at}:${PORTS.placement}`,
    imagesUrl: `http://${at}:${PORTS.images}`,
  };
  const file = join(folder, "nova.conf");
  writeFileSync(file, novaConf(folder, node.name, cloud.user, places, heartbeat), { mode: 0o600 });
  const program = `${checkout}/test/system/nova/python/nova_compute.py`;
  return node.spawn(["/usr/bin/python3", "-B", program, "--config-file", file]);
}
