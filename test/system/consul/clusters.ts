import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NETWORKS, type Network } from "../../../src/host/consul/networks.ts";
import { Child } from "../../support/child.ts";
import { NetworkNamespace } from "../pacemaker/network.ts";
import { consulProgram } from "./packages.ts";

const HOSTS = ["ctl1", "host1", "host2", "host3", "host4"] as const;
export type Host = (typeof HOSTS)[number];
const [SERVER] = HOSTS;
const joinedMs = 180_000;

/** Of RFC 2544's range for tests; it exists only inside the namespaces. */
function addressOf(host: Host, network: Network): string {
  return `198.18.${101 + NETWORKS.indexOf(network)}.${1 + HOSTS.indexOf(host)}`;
}

/**
 * Three real Consul clusters, of the management, tenant and storage networks: one server each on `ctl1`, and an agent on each of
 * `host1` to `host4`. A host is a network namespace with a link to each network's bridge.
 */
export class ConsulClusters {
  /** Removed with the clusters. */
  readonly folder = mkdtempSync(join(tmpdir(), "masakari-consul-"));
  readonly #switch: NetworkNamespace;
  readonly #hosts = new Map<Host, NetworkNamespace>();
  readonly #agents = new Map<string, Child>();

  private constructor(bridges: NetworkNamespace) {
    this.#switch = bridges;
  }

  static async start(): Promise<ConsulClusters> {
    const clusters = new ConsulClusters(await NetworkNamespace.create());
    try {
      await clusters.#connect();
      for (const host of HOSTS) for (const network of NETWORKS) clusters.startAgent(host, network);
      for (const network of NETWORKS) {
        for (const host of HOSTS)
          if (host !== SERVER) await clusters.agent(SERVER, network).line(joined(host), joinedMs);
        for (const host of HOSTS)
          if (host !== "host1") await clusters.agent("host1", network).line(joined(host), joinedMs);
      }
    } catch (error) {
      await clusters.stop();
      throw error;
    }
    return clusters;
  }

  /** The running agent of a host on a network; its output is its log. */
  agent(host: Host, network: Network): Child {
    const agent = this.#agents.get(`${host} ${network}`);
    if (agent === undefined) throw new Error(`no agent of ${host} on ${network}`);
    return agent;
  }

  /** Starts it with the data that it had. */
  startAgent(host: Host, network: Network): void {
    const folder = join(this.folder, host, network);
    mkdirSync(join(folder, "data"), { recursive: true });
    writeFileSync(join(folder, "agent.json"), JSON.stringify(configOf(host, network, join(folder, "data"))));
    const words = [consulProgram, "agent", `-config-file=${join(folder, "agent.json")}`];
    this.#agents.set(`${host} ${network}`, this.spawn(host, words));
  }

  startHost(host: Host): void {
    for (const network of NETWORKS) this.startAgent(host, network);
  }

  /** Sends a signal to all agents of a host at once. */
  signalHost(host: Host, name: NodeJS.Signals): void {
    for (const network of NETWORKS) this.agent(host, network).signal(name);
  }

  /** Waits until all agents of a host have ended. */
  async ended(host: Host): Promise<void> {
    await Promise.all(NETWORKS.map((network) => this.agent(host, network).exited));
  }

  async setLink(host: Host, network: Network, state: "up" | "down"): Promise<void> {
    await this.#switch.ip("link", "set", `${host}-${network}`, state);
  }

  /** Runs a program where the host is: its loopback is its own. */
  spawn(host: Host, words: readonly string[]): Child {
    const [command, ...enter] = this.#namespace(host).enter;
    return new Child(command, [...enter, ...words], { deathSignal: "KILL" });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.stop("SIGKILL")));
    for (const host of this.#hosts.values()) await host.stop();
    await this.#switch.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #connect(): Promise<void> {
    for (const network of NETWORKS) {
      await this.#switch.ip("link", "add", `br-${network}`, "type", "bridge", "stp_state", "0", "forward_delay", "0");
      await this.#switch.ip("link", "set", `br-${network}`, "up");
    }
    for (const host of HOSTS) {
      const namespace = await NetworkNamespace.create();
      this.#hosts.set(host, namespace);
      for (const network of NETWORKS) {
        const peer = ["peer", "name", network, "netns", String(namespace.pid)];
        await this.#switch.ip("link", "add", `${host}-${network}`, "type", "veth", ...peer);
        await this.#switch.ip("link", "set", `${host}-${network}`, "master", `br-${network}`, "up");
        await namespace.ip("addr", "add", `${addressOf(host, network)}/24`, "dev", network);
        await namespace.ip("link", "set", network, "up");
      }
    }
  }

  #namespace(host: Host): NetworkNamespace {
    const namespace = this.#hosts.get(host);
    if (namespace === undefined) throw new Error(`no host ${host}`);
    return namespace;
  }
}

/** The line by which an agent logs that another is a member. */
const joined = (host: Host): RegExp => new RegExp(`EventMemberJoin: ${host} `);

/** The line by which an agent logs that another has failed. */
export const failed = (host: Host): RegExp => new RegExp(`EventMemberFailed: ${host} `);

/** `[consul]`'s line for the agent of a host on a network. */
export const agentOption = (host: Host, network: Network): string =>
  `agent_${network} = ${addressOf(host, network)}:8500\n`;

/** Consul's defaults, but for what a machine without a network of its own needs. */
function configOf(host: Host, network: Network, folder: string): object {
  const address = addressOf(host, network);
  return {
    node_name: host,
    datacenter: network,
    bind_addr: address,
    addresses: { http: address },
    ports: { http: 8500, dns: -1 },
    data_dir: folder,
    log_level: "INFO",
    disable_update_check: true,
    retry_join: [addressOf(SERVER, network)],
    retry_interval: "1s",
    ...(host === SERVER && { server: true, bootstrap_expect: 1 }),
  };
}
