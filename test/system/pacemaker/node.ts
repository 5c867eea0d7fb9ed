import { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child, killIfThere } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";
import { NetworkNamespace, type Switch } from "./network.ts";
import { type NodeFiles, writeNodeFiles } from "./node-files.ts";
import { pacemakerRemoted } from "./packages.ts";

interface NodeOptions {
  readonly name: string;
  readonly address: string;
  readonly isRemote: boolean;
  readonly managementAddress?: string | undefined;
}

/** Which sudoers file an ordinary user has on a node: what Kolla's image and Debian's package ship, or none. */
export type Sudoers = "kolla" | "debian" | "none";

export type User = "root" | "nobody" | "daemon" | "hacluster";

const commands: Readonly<Record<Sudoers, readonly string[]>> = {
  kolla: ["/usr/sbin/crm_mon -X", "/usr/sbin/crmadmin *", "/usr/sbin/cibadmin --query", "/usr/bin/tcpdump *"],
  debian: ["/usr/bin/privsep-helper", "/usr/bin/tcpdump *", "/usr/sbin/crm_mon -X"],
  none: [],
};

export interface RunOptions {
  /** default root */
  readonly user?: User;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

const init = fileURLToPath(new URL("node-init.sh", import.meta.url));
const checkout = fileURLToPath(new URL("../../..", import.meta.url));
const readyMs = 120_000;
const stopMs = 120_000;

/**
 * One node of a cluster: network, mount, UTS, IPC and PID namespaces in which Corosync and Pacemaker, or pacemaker-remoted, run
 * as on a host of their own. SIGKILL of its first process ends all of it in one instant.
 */
export class ClusterNode {
  readonly name: string;
  readonly address: string;
  readonly isRemote: boolean;
  /** On the management network, if there is one. */
  readonly managementAddress: string | undefined;
  /** `init.pid`, `log/`, `booting` and the rest of it; removed with the cluster. */
  readonly folder: string;
  readonly #network: NetworkNamespace;
  readonly #switch: Switch;
  #unshare: Child | undefined;

  private constructor(
    { name, address, isRemote, managementAddress }: NodeOptions,
    folder: string,
    { network, to }: { network: NetworkNamespace; to: Switch },
  ) {
    this.name = name;
    this.address = address;
    this.isRemote = isRemote;
    this.managementAddress = managementAddress;
    this.folder = folder;
    this.#network = network;
    this.#switch = to;
  }

  static async create(
    options: NodeOptions,
    files: NodeFiles,
    to: Switch,
    management: Switch | undefined,
  ): Promise<ClusterNode> {
    const { name, address, isRemote, managementAddress = "" } = options;
    const folder = join(files.folder, name);
    writeNodeFiles(folder, files, isRemote);
    const network = await NetworkNamespace.create();
    await to.plug(name, network, address);
    await management?.plug(name, network, managementAddress, "eth1");
    return new ClusterNode(options, folder, { network, to });
  }

  /** The words that run a command of this machine on the node's network. */
  get onNetwork(): readonly [string, ...string[]] {
    return this.#network.enter;
  }

  /** Its /dev/shm, for whoever talks to its Corosync and Pacemaker from another mount namespace: they exchange what is said there. */
  get sharedMemory(): string {
    return join(this.folder, "shm");
  }

  /** The pid, on this machine, of the node's first process; undefined while it is off. */
  get pid(): number | undefined {
    try {
      const pid = Number(readFileSync(join(this.folder, "init.pid"), "utf8"));
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("pcm-init") ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  /** Switches it on: its cable is plugged, and its cluster software started. Resolves when its first process is up. */
  async start(): Promise<void> {
    if (this.pid !== undefined) throw new Error(`${this.name} is on already`);
    await this.#unshare?.exited;
    rmSync(join(this.folder, "init.pid"), { force: true });
    await this.#switch.setCable(this.name, "up");
    const [command, ...enter] = this.#network.enter;
    const unshare = [
      "unshare",
      "--mount",
      "--uts",
      "--ipc",
      "--pid",
      "--fork",
      "--kill-child",
      "--propagation",
      "private",
    ];
    const what = this.isRemote ? pacemakerRemoted : "member";
    const hosts = join(this.folder, "../hosts");
    const words = ["bash", init, "pcm-init", this.name, this.folder, hosts, checkout, what];
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
    this.#unshare = new Child(command, [...enter, ...unshare, ...words], { env, deathSignal: "KILL" });
    await eventually(`${this.name} to start: ${this.#unshare.output}`, readyMs, () => this.pid);
  }

  /** Every process of it ends at one instant; its cable stays plugged. */
  async kill(): Promise<void> {
    killIfThere(this.#running());
    await this.#unshare?.exited;
  }

  /** A power cut: its cable goes dead with it. */
  async crash(): Promise<void> {
    await this.#switch.setCable(this.name, "down");
    await this.kill();
  }

  async cutLink(): Promise<void> {
    await this.#switch.setCable(this.name, "down");
  }

  async healLink(): Promise<void> {
    await this.#switch.setCable(this.name, "up");
  }

  /** A fault of the switch: its own card keeps its carrier. */
  async isolate(): Promise<void> {
    await this.#switch.setPort(this.name, "off");
  }

  async rejoin(): Promise<void> {
    await this.#switch.setPort(this.name, "on");
  }

  /** SIGSTOP or SIGCONT to all of it, or to the processes of one program: a host that hangs, and that comes back. */
  signalAll(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL" | "SIGTERM", program?: string): void {
    for (const pid of this.#processes(program)) sendIfThere(pid, signal);
  }

  /** An operator's clean shutdown: Pacemaker first, then Corosync, then the host. */
  async stop(): Promise<void> {
    if (this.isRemote) {
      this.signalAll("SIGTERM", "pacemaker-remoted");
      await this.#untilGone("pacemaker-remoted");
    } else {
      await this.run(["pacemakerd", "--shutdown"]);
      await this.#untilGone("pacemakerd");
      await this.run(["corosync-cfgtool", "-H"]);
      await this.#untilGone("corosync");
    }
    await this.kill();
  }

  allowSudo(sudoers: Sudoers, user: User = "nobody"): void {
    const lines = commands[sudoers].map((command) => `${user} ALL=(root) NOPASSWD: ${command}\n`);
    writeFileSync(join(this.folder, `sudoers.d/masakari-${user}`), lines.join(""), { mode: 0o440 });
  }

  /** The words that run a command inside the node. */
  enter({ user = "root", env = {} }: RunOptions = {}): readonly [string, ...string[]] {
    const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd=/"];
    const variables = Object.entries({
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: "/root",
      LANG: "C.UTF-8",
      ...env,
    }).map(([name, value]) => `${name}=${value}`);
    const as = user === "root" ? [] : ["setpriv", "--reuid", user, "--regid", groupOf[user], "--init-groups"];
    return ["nsenter", "--target", String(this.#running()), ...namespaces, "--", ...as, "env", "-i", ...variables];
  }

  /** A process inside the node; it ends with the test. */
  spawn(words: readonly string[], options: RunOptions = {}): Child {
    const [command, ...enter] = this.enter(options);
    // nsenter forks into the PID namespace: its child would outlive it.
    return new Child(command, [...enter, "setpriv", "--pdeathsig", "KILL", ...words], { deathSignal: "KILL" });
  }

  /** Runs a command inside the node to its end. */
  async run(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const child = this.spawn(words, options);
    const { code } = await child.exited;
    return { code, output: child.output };
  }

  /** As `run`; an exit status other than 0 is an error. */
  async must(words: readonly string[], options: RunOptions = {}): Promise<string> {
    const { code, output } = await this.run(words, options);
    if (code !== 0) throw new Error(`${this.name}: ${words.join(" ")}: exit ${code}\n${output}`);
    return output;
  }

  async remove(): Promise<void> {
    if (this.pid !== undefined) await this.kill();
    await this.#unshare?.stop("SIGKILL");
    await this.#network.stop();
  }

  #running(): number {
    const { pid } = this;
    if (pid === undefined) throw new Error(`${this.name} is off`);
    return pid;
  }

  async #untilGone(program: string): Promise<void> {
    await eventually(`${program} of ${this.name} to end`, stopMs, () =>
      this.#processes(program).length === 0 ? true : undefined,
    );
  }

  /** The pids of its processes, but for its first one. */
  #processes(program?: string): number[] {
    const own = readlinkSync(`/proc/${this.#running()}/ns/pid`);
    const isOf = (pid: number): boolean => {
      try {
        if (pid === this.pid || readlinkSync(`/proc/${pid}/ns/pid`) !== own) return false;
        const [first = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return program === undefined || first.split("/").at(-1) === program;
      } catch {
        return false;
      }
    };
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => pid > 0 && isOf(pid));
  }
}

function sendIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

const groupOf = { nobody: "nogroup", daemon: "daemon", hacluster: "haclient" } as const;
