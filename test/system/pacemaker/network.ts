import { readFileSync, readlinkSync } from "node:fs";
import { Child, runToEnd } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";

const readyMs = 60_000;

/**
 * A network namespace that lives as long as a process of the test does: it has no name, so nothing is left of it on the
 * machine, its addresses are its own, and no packet of it reaches the machine's network.
 */
export class NetworkNamespace {
  readonly #holder: Child;

  private constructor(holder: Child) {
    this.#holder = holder;
  }

  static async create(): Promise<NetworkNamespace> {
    const own = readlinkSync("/proc/self/ns/net");
    const holder = new Child("unshare", ["--net", "sleep", "infinity"], { deathSignal: "KILL" });
    await eventually("a network namespace", readyMs, () => {
      const isSleep = readFileSync(`/proc/${holder.pid}/cmdline`, "utf8").startsWith("sleep\0");
      return isSleep && readlinkSync(`/proc/${holder.pid}/ns/net`) !== own ? true : undefined;
    });
    const namespace = new NetworkNamespace(holder);
    await namespace.ip("link", "set", "lo", "up");
    return namespace;
  }

  get pid(): number {
    return this.#holder.pid;
  }

  /** The words that run a command in it. */
  get enter(): readonly [string, ...string[]] {
    return ["nsenter", "--target", String(this.pid), "--net"];
  }

  async ip(...words: readonly string[]): Promise<void> {
    const [command, ...args] = this.enter;
    await runToEnd(command, [...args, "ip", ...words]);
  }

  async stop(): Promise<void> {
    await this.#holder.stop("SIGKILL");
  }
}

/** The /24 of a cluster, and that of its management network; they exist only inside the cluster's namespaces (RFC 2544's range for tests). */
const prefixes = { cluster: "198.18.77", management: "198.18.78" } as const;

type NetworkName = keyof typeof prefixes;

export const addressOf = (last: number, network: NetworkName = "cluster"): string => `${prefixes[network]}.${last}`;

/** A bridge in a namespace of its own, to which the nodes are plugged. */
export class Switch {
  readonly namespace: NetworkNamespace;

  private constructor(namespace: NetworkNamespace) {
    this.namespace = namespace;
  }

  static async create(network: NetworkName = "cluster"): Promise<Switch> {
    const namespace = await NetworkNamespace.create();
    await namespace.ip("link", "add", "br0", "type", "bridge", "stp_state", "0", "forward_delay", "0");
    await namespace.ip("addr", "add", `${addressOf(1, network)}/24`, "dev", "br0");
    await namespace.ip("link", "set", "br0", "up");
    return new Switch(namespace);
  }

  /** Gives the namespace a network card with this address, and a cable to the switch. */
  async plug(name: string, host: NetworkNamespace, address: string, card = "eth0"): Promise<void> {
    const peer = ["peer", "name", card, "netns", String(host.pid)];
    await this.namespace.ip("link", "add", portOf(name), "type", "veth", ...peer);
    await this.namespace.ip("link", "set", portOf(name), "master", "br0", "up");
    await host.ip("addr", "add", `${address}/24`, "dev", card);
    await host.ip("link", "set", card, "up");
  }

  /** An address of the switch itself: the BMCs are there. */
  async addAddress(address: string): Promise<void> {
    await this.namespace.ip("addr", "add", `${address}/24`, "dev", "br0");
  }

  /** `down`: both ends lose their carrier, as with a cable pulled out. */
  async setCable(name: string, state: "up" | "down"): Promise<void> {
    await this.namespace.ip("link", "set", portOf(name), state);
  }

  /** Takes the node off the bridge or puts it back; its own card keeps its carrier, as with a faulty switch. */
  async setPort(name: string, state: "on" | "off"): Promise<void> {
    await this.namespace.ip("link", "set", portOf(name), ...(state === "on" ? ["master", "br0"] : ["nomaster"]));
  }

  async stop(): Promise<void> {
    await this.namespace.stop();
  }
}

export const portOf = (name: string): string => `v-${name}`;
