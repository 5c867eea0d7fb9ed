import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Child } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";
import { Bmc, bmcPassword, bmcUser, startBmcFronts } from "./bmc.ts";
import { firstCib } from "./cib.ts";
import { addressOf, Switch } from "./network.ts";
import { ClusterNode } from "./node.ts";
import type { NodeFiles } from "./node-files.ts";
import { idsOf } from "./users.ts";

export interface ClusterOptions {
  /** default 3: node1, node2, node3 */
  readonly members?: number;
  /** default 0: remote1 … */
  readonly remotes?: number;
  /** Each node has a BMC, and the cluster a fencing device for it; default false: `stonith-enabled` is off. */
  readonly fencing?: boolean;
  /** Every node has a card on a second network, which the faults of a test leave alone; default false. */
  readonly management?: boolean;
  /** Each fencing device is in a resource group of its own, as the Python host monitor wants it; default false. */
  readonly groupedDevices?: boolean;
  /** Monitors run beside the nodes, in a container or under a systemd, and share their `sharedMemory`; default false. */
  readonly sharesMemory?: boolean;
}

const readyMs = 180_000;

/**
 * A real Pacemaker cluster on this machine, in namespaces that belong to this test alone: many can run beside each other. It ends with
 * the test process, whatever becomes of it.
 */
export class Cluster {
  readonly folder: string;
  readonly #switch: Switch;
  readonly #management: Switch | undefined;
  readonly #nodes = new Map<string, ClusterNode>();
  readonly #bmcs = new Map<string, Bmc>();
  #fronts: Child | undefined;

  private constructor(folder: string, to: Switch, management: Switch | undefined) {
    this.folder = folder;
    this.#switch = to;
    this.#management = management;
  }

  /** Resolves when all nodes are online. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const { members = 3, remotes = 0, management = false } = options;
    const folder = await mkdtemp(join(tmpdir(), "pacemaker-"));
    // Its nodes' daemons run as hacluster.
    chmodSync(folder, 0o755);
    const cluster = new Cluster(
      folder,
      await Switch.create(),
      management ? await Switch.create("management") : undefined,
    );
    try {
      await cluster.#build(names("node", members), names("remote", remotes), options);
      await cluster.#online();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** A node that can run commands now and that the rest of the cluster has contact with, unless a test broke it. */
  node(name: string): ClusterNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  bmc(name: string): Bmc {
    const bmc = this.#bmcs.get(name);
    if (bmc === undefined) throw new Error(`${name} has no BMC`);
    return bmc;
  }

  /** Where the nodes' cables end. */
  get switch(): Switch {
    return this.#switch;
  }

  get nodes(): readonly ClusterNode[] {
    return [...this.#nodes.values()];
  }

  /** The network that no fault of a test touches. */
  get management(): Switch {
    if (this.#management === undefined) throw new Error("the cluster has no management network");
    return this.#management;
  }

  /** `crm_mon -X` of a node. */
  async monitor(on: string): Promise<string> {
    return await this.node(on).must(["crm_mon", "-X"]);
  }

  /** Waits until the node's `crm_mon -X` has what fits; the test's time limit is the cluster's. */
  async until(doing: string, on: string, fits: (crmMon: string) => boolean): Promise<void> {
    await eventually(doing, readyMs, async () => (fits(await this.monitor(on)) ? true : undefined), 100);
  }

  /** Waits until the side with quorum fences nobody any more: a node that is started before that is fenced again. */
  async untilFenced(): Promise<void> {
    const isBeingFenced = /<fence_event [^>]*status="pending"|<node [^>]*online="false" [^>]*unclean="true"/;
    await eventually("fencing to end", readyMs, async () => {
      const running = this.nodes.filter(({ pid, isRemote }) => pid !== undefined && !isRemote);
      const seen = await Promise.all(running.map(async (node) => (await node.run(["crm_mon", "-X"])).output));
      const quorate = seen.find((text) => text.includes('with_quorum="true"'));
      return quorate !== undefined && !isBeingFenced.test(quorate) ? true : undefined;
    });
  }

  /** Everything is switched on, plugged and thawed, and in no maintenance: as at the start of a test. */
  async restore(): Promise<void> {
    for (const bmc of this.#bmcs.values()) bmc.setMode("ok");
    await Promise.all(
      this.nodes.map(async (node) => {
        if (node.pid === undefined) await node.start();
        node.signalAll("SIGCONT");
        await node.healLink();
        await node.rejoin();
      }),
    );
    await this.#online();
  }

  async stop(): Promise<void> {
    for (const bmc of this.#bmcs.values()) await bmc.stop();
    await this.#fronts?.stop("SIGKILL");
    await Promise.all(this.nodes.map((node) => node.remove()));
    await Promise.all([this.#switch.stop(), this.#management?.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #build(
    members: readonly string[],
    remotes: readonly string[],
    { fencing = false, groupedDevices: grouped = false, sharesMemory = false }: ClusterOptions,
  ): Promise<void> {
    const all = [...members, ...remotes];
    const addresses = new Map(all.map((name, index) => [name, addressOf(11 + index)]));
    const bmcs = new Map(all.map((name, index) => [name, addressOf(111 + index)]));
    const hosts = [...addresses].map(([name, address]) => `${address} ${name}\n`);
    writeFileSync(join(this.folder, "hosts"), `127.0.0.1 localhost\n${hosts.join("")}`);
    const files: NodeFiles = {
      folder: this.folder,
      corosyncConf: corosyncConf(new Map(members.map((name) => [name, addresses.get(name) ?? ""]))),
      corosyncKey: randomBytes(128),
      pacemakerKey: randomBytes(128),
      cib: firstCib({ remotes, devices: fencing ? bmcs : new Map(), grouped, user: bmcUser, password: bmcPassword }),
      hacluster: idsOf("hacluster"),
      sharesMemory,
    };
    for (const [index, name] of all.entries()) {
      const node = {
        name,
        address: addresses.get(name) ?? "",
        isRemote: remotes.includes(name),
        managementAddress: this.#management && addressOf(11 + index, "management"),
      };
      this.#nodes.set(name, await ClusterNode.create(node, files, this.#switch, this.#management));
    }
    if (fencing) await this.#startBmcs(bmcs);
    await Promise.all(this.nodes.map((node) => node.start()));
  }

  async #startBmcs(bmcs: ReadonlyMap<string, string>): Promise<void> {
    const modes = join(this.folder, "bmc-modes");
    mkdirSync(modes);
    for (const [name, address] of bmcs) {
      this.#bmcs.set(name, await Bmc.start(this.node(name), address, modes, this.#switch));
    }
    this.#fronts = await startBmcFronts([...bmcs.values()], modes, this.#switch);
  }

  async #online(): Promise<void> {
    const [first = ""] = this.#nodes.keys();
    const remotes = this.nodes.filter(({ isRemote }) => isRemote).map(({ name }) => name);
    const members = [...this.#nodes.keys()].filter((name) => !remotes.includes(name));
    await this.until(
      "all members to be online",
      first,
      (text) => members.every((name) => isOnline(text, name)) && text.includes('with_quorum="true"'),
    );
    // A member that could not connect to a remote never tries again by itself.
    const isConnected = (name: string, text: string): boolean => isOnline(text, name) && !isBeingConnected(text, name);
    const text = remotes.length > 0 ? await this.monitor(first) : "";
    for (const name of remotes) {
      if (!isConnected(name, text)) await this.node(first).run(["crm_resource", "--cleanup", "-r", name]);
    }
    await this.until("all remotes to be online", first, (text) => remotes.every((name) => isConnected(name, text)));
  }
}

/** `crm_mon -X` shows a remote as online while a member tries to connect to it. */
function isBeingConnected(crmMon: string, name: string): boolean {
  const histories = crmMon.matchAll(new RegExp(`<resource_history id="${name}".*?</resource_history>`, "gs"));
  return [...histories].some(([history]) => /call="-1" task="start"/.test(history));
}

/** Whether `crm_mon -X` has the node as online and settled. */
export function isOnline(crmMon: string, name: string): boolean {
  return new RegExp(`<node name="${name}" [^>]*online="true" [^>]*pending="false" unclean="false"`).test(crmMon);
}

/** Whether `crm_mon -X` has the node as offline. */
export function isOffline(crmMon: string, name: string): boolean {
  return new RegExp(`<node name="${name}" [^>]*online="false"`).test(crmMon);
}

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);

/** With a token of 1 s a node counts as lost after about 3.4 s; with Debian's default of 3 s, after 8. */
function corosyncConf(members: ReadonlyMap<string, string>): string {
  const nodes = [...members].map(
    ([name, address], index) =>
      `  node {\n    name: ${name}\n    nodeid: ${index + 1}\n    ring0_addr: ${address}\n  }\n`,
  );
  return `totem {
  version: 2
  cluster_name: test
  transport: knet
  token: 1000
  crypto_cipher: aes256
  crypto_hash: sha256
}
logging {
  to_stderr: no
  to_logfile: yes
  logfile: /var/log/corosync/corosync.log
  to_syslog: no
  timestamp: hires
}
quorum {
  provider: corosync_votequorum
}
nodelist {
${nodes.join("")}}
`;
}
