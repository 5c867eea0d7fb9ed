import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Child } from "../../support/child.ts";
import type { Cluster } from "./cluster.ts";
import type { ClusterNode, User } from "./node.ts";
import type { HostOptions } from "./observer.ts";
import { idsOf } from "./users.ts";

/** As root, or as an ordinary user with the sudoers file of Kolla's image or of Debian's package. */
export type Rights = "root" | "kolla" | "debian";

const users: Readonly<Record<Rights, User>> = { root: "root", kolla: "nobody", debian: "daemon" };

/** Root learns of changes by Corosync's events. The others may not, and have no alert agent here: they look at the interval. */
const POLLING = { monitoring_interval: 5, corosync_multicast_interfaces: "eth0", corosync_multicast_ports: 5405 };
const options: Readonly<Record<Rights, HostOptions>> = {
  root: { monitoring_interval: 60 },
  kolla: POLLING,
  debian: POLLING,
};
/** The second monitor must not be quicker than the first only because it looks at another moment. s */
const REPORTER_DELAY = 8;

const runOptions = () => ({ env: { MASAKARI_MONITORS_RUN: process.env.MASAKARI_MONITORS_RUN ?? "source" } });
const readyMs = 240_000;

interface MonitorsOptions {
  readonly rights: Rights;
  /** Two runs on the same nodes with different numbers have no saved state in common. */
  readonly run: number;
  readonly authUrl: string;
  /** More lines of `[host]`. */
  readonly host: HostOptions;
  /** More of their environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The host monitors of a cluster's nodes: one deployment. */
export class Monitors {
  readonly #cluster: Cluster;
  readonly #options: MonitorsOptions;
  readonly #monitors = new Map<string, Child>();

  constructor(cluster: Cluster, options: MonitorsOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Starts the monitor of a node; it has a saved state if it ran there before in this run. */
  launch(name: string): void {
    const on = this.#cluster.node(name);
    const { rights, env } = this.#options;
    const user = users[rights];
    if (rights !== "root") on.allowSudo(rights, user);
    this.#configure(on, user);
    const words = ["/run/checkout/bin/masakari-hostmonitor", "--config-file", this.#file(on)];
    this.#monitors.set(name, on.spawn(words, { env: { ...runOptions().env, ...env }, user }));
  }

  /** Starts the monitors of these nodes, and waits until each knows the state of every other host. */
  async start(names: readonly string[]): Promise<void> {
    for (const name of names) this.launch(name);
    await Promise.all(names.map((name) => this.of(name).line(/Watching \d+ hosts of the cluster/, readyMs)));
  }

  /** The latest monitor that was started on a node. */
  of(name: string): Child {
    const monitor = this.#monitors.get(name);
    if (monitor === undefined) throw new Error(`no monitor was started on ${name}`);
    return monitor;
  }

  /** What each of them has logged, for a failure. */
  get logs(): string {
    return [...this.#monitors].map(([name, { output }]) => `--- ${name}\n${output}`).join("\n");
  }

  async status(name: string): Promise<string> {
    const on = this.#cluster.node(name);
    const words = ["/run/checkout/bin/masakari-monitors", "status", "--config-file", this.#file(on)];
    return (await on.run(words, { ...runOptions(), user: users[this.#options.rights] })).output;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#monitors.values()].map((monitor) => monitor.stop("SIGKILL")));
  }

  get #label(): string {
    return `${this.#options.rights}-${this.#options.run}`;
  }

  #file(on: ClusterNode): string {
    return join(on.folder, `monitor-${this.#label}.conf`);
  }

  #configure(on: ClusterNode, user: User): void {
    const state = join(on.folder, `state-${this.#label}`);
    mkdirSync(state, { recursive: true });
    const { uid, gid } = idsOf(user);
    chownSync(state, uid, gid);
    const { rights, authUrl, host } = this.#options;
    const lines = Object.entries({ reporter_delay: REPORTER_DELAY, ...options[rights], ...host });
    writeFileSync(
      this.#file(on),
      `[DEFAULT]
hostname = ${on.name}
state_path = ${state}
[api]
auth_url = ${authUrl}
username = masakari
password = masakari-secret
project_name = service
domain_name = Default
[host]
${lines.map(([name, value]) => `${name} = ${value}\n`).join("")}`,
    );
  }
}
