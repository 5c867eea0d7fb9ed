import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Child } from "../../support/child.ts";
import type { Cluster } from "./cluster.ts";
import type { ClusterNode, User } from "./node.ts";
import type { HostOptions } from "./observer.ts";
import type { RecordingApi } from "./recording-api.ts";
import { idsOf } from "./users.ts";

/** As root, or as an ordinary user with the sudoers file of Kolla's image or of Debian's package. */
export type Rights = "root" | "kolla" | "debian";
export const RIGHTS: readonly Rights[] = ["root", "kolla", "debian"];

const users: Readonly<Record<Rights, User>> = { root: "root", kolla: "nobody", debian: "daemon" };

/** Root learns of changes by Corosync's events. The others may not, and have no alert agent here: they look at the interval. */
const POLLING = { monitoring_interval: 5, corosync_multicast_interfaces: "eth0", corosync_multicast_ports: 5405 };
const options: Readonly<Record<Rights, HostOptions>> = {
  root: { monitoring_interval: 60 },
  kolla: POLLING,
  debian: POLLING,
};

const readyMs = 120_000;

/** The host monitors of all nodes that run with the same rights and notify the same API: one deployment. */
export class MonitorSet {
  readonly rights: Rights;
  readonly #cluster: Cluster;
  readonly #api: RecordingApi;
  /** Names what is this set's own on the nodes. */
  readonly #label: string;
  readonly #options: HostOptions;
  readonly #monitors = new Map<string, Child>();

  constructor(rights: Rights, run: number, { cluster, api, host }: SetParts) {
    this.rights = rights;
    this.#cluster = cluster;
    this.#api = api;
    this.#label = `${rights}-${run}`;
    this.#options = { ...options[rights], ...host };
  }

  /** Starts the monitor of a node; it has a saved state if it ran there before. */
  launch(name: string): void {
    const on = this.#cluster.node(name);
    const user = users[this.rights];
    if (this.rights !== "root") on.allowSudo(this.rights, user);
    this.#configure(on, user);
    const words = ["/run/checkout/bin/masakari-hostmonitor", "--config-file", this.#file(on)];
    this.#monitors.set(name, on.spawn(words, { ...RUN, user }));
  }

  /** Starts the monitors of these nodes, and waits until each knows the state of every other host. */
  async start(names: readonly string[]): Promise<void> {
    for (const name of names) this.launch(name);
    await Promise.all(names.map((name) => this.monitor(name).line(/Watching \d+ hosts of the cluster/, readyMs)));
  }

  /** The latest monitor that was started on a node. */
  monitor(name: string): Child {
    const monitor = this.#monitors.get(name);
    if (monitor === undefined) throw new Error(`no monitor of ${this.rights} was started on ${name}`);
    return monitor;
  }

  /** The nodes whose monitor runs. */
  get running(): readonly string[] {
    return [...this.#monitors].filter(([, monitor]) => monitor.running).map(([name]) => name);
  }

  /** What every monitor of it has logged, for a failure. */
  get logs(): string {
    return [...this.#monitors].map(([name, { output }]) => `--- ${name} (${this.rights})\n${output}`).join("\n");
  }

  async status(name: string): Promise<string> {
    const on = this.#cluster.node(name);
    const words = ["/run/checkout/bin/masakari-monitors", "status", "--config-file", this.#file(on)];
    return (await on.run(words, { ...RUN, user: users[this.rights] })).output;
  }

  /** Each notification that the API has received, in order, with the node that sent it: `node3 STOPPED NORMAL from node1`. */
  get notifications(): readonly string[] {
    const posts = this.#api.posts(this.rights);
    return this.#api.received(this.rights).map(({ text }, index) => `${text} from ${this.#nodeOf(posts[index]?.peer)}`);
  }

  /** The answers to every POST of a notification. */
  get answers(): readonly number[] {
    return this.#api.posts(this.rights).map(({ status }) => status);
  }

  /** When each notification arrived, ms since the epoch. */
  get arrivals(): readonly number[] {
    return this.#api.received(this.rights).map(({ at }) => at);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#monitors.values()].map((monitor) => monitor.stop("SIGKILL")));
  }

  #nodeOf(address: string | undefined): string {
    const node = this.#cluster.nodes.find(({ managementAddress }) => managementAddress === address);
    return node?.name ?? `${address}`;
  }

  #file(on: ClusterNode): string {
    return join(on.folder, `monitor-${this.#label}.conf`);
  }

  #configure(on: ClusterNode, user: User): void {
    const state = join(on.folder, `state-${this.#label}`);
    mkdirSync(state, { recursive: true });
    const { uid, gid } = idsOf(user);
    chownSync(state, uid, gid);
    const lines = Object.entries({ reporter_delay: 3, ...this.#options }).map(
      ([name, value]) => `${name} = ${value}\n`,
    );
    writeFileSync(
      this.#file(on),
      `[DEFAULT]
hostname = ${on.name}
state_path = ${state}
[api]
auth_url = ${this.#api.authUrl(this.rights)}
username = masakari
password = masakari-secret
project_name = service
domain_name = Default
[host]
${lines.join("")}`,
    );
  }
}

interface SetParts {
  readonly cluster: Cluster;
  readonly api: RecordingApi;
  /** More lines of `[host]`. */
  readonly host: HostOptions;
}

const RUN = { env: { MASAKARI_MONITORS_RUN: process.env.MASAKARI_MONITORS_RUN ?? "source" } };
