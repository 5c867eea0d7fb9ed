import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Child } from "../../support/child.ts";
import type { Exchange } from "../../support/recording-proxy.ts";
import type { Guest } from "../../system/libvirt/guest.ts";
import type { OpenStackAddress } from "../../system/openstack/servers.ts";
import { openSite, type Site } from "../../system/openstack/site.ts";
import type { Hypervisor } from "./hypervisor.ts";

export type Which = "python" | "ours";

const readyMs = 30_000;
const bin = { python: "/usr/bin/", ours: fileURLToPath(new URL("../../../bin/", import.meta.url)) };

/** The guests' monitors of one implementation, at their own proxy to the same API, under a host of their own. */
export class GuestPeer {
  readonly which: Which;
  readonly site: Site;
  readonly #hypervisor: Hypervisor;
  readonly #directory: string;
  readonly #monitors: Child[] = [];
  /** The POSTs about each guest, by its uuid. */
  readonly #posts = new Map<string, Exchange[]>();
  #unread: Exchange[] = [];
  #taken = 0;

  private constructor(which: Which, site: Site, hypervisor: Hypervisor, directory: string) {
    this.which = which;
    this.site = site;
    this.#hypervisor = hypervisor;
    this.#directory = directory;
  }

  /**
   * @param uri `[libvirt] connection_uri`, if not the hypervisor's
   * @param more further lines of the configuration
   */
  static async make(
    which: Which,
    address: OpenStackAddress,
    hypervisor: Hypervisor,
    uri = hypervisor.libvirtd.uri,
    more = "",
  ): Promise<GuestPeer> {
    const site = await openSite(address);
    const directory = await mkdtemp(join(tmpdir(), "masakari-guests-"));
    await mkdir(join(directory, "state"));
    const { name } = await site.masakariApi.registerHost(`bench-${which}-${randomUUID().slice(0, 8)}`);
    const text = [
      `[DEFAULT]\nhostname = ${name}\nstate_path = ${directory}/state\n`,
      site.apiSection(),
      `[libvirt]\nconnection_uri = ${uri}\n`,
      more,
    ].join("\n");
    await writeFile(join(directory, "masakarimonitors.conf"), text, { mode: 0o600 });
    return new GuestPeer(which, site, hypervisor, directory);
  }

  /** Resolves when the monitor has notified a guest's failure: it gets libvirt's events, and has a token. */
  async startInstanceMonitor(): Promise<Child> {
    const monitor = this.#start(`${bin[this.which]}masakari-instancemonitor`);
    const deadline = performance.now() + readyMs;
    // Python logs nothing when it is ready; what it has missed before is not notified later.
    while (performance.now() < deadline) {
      const [guest] = await this.#hypervisor.guests(1, { agent: "bare" });
      await sleep(1000);
      guest?.signal("SIGKILL");
      for (let looks = 0; looks < 40; looks++) {
        if (guest !== undefined && this.accepted(guest) !== undefined) return monitor;
        if (!monitor.running) throw new Error(`${this.which}: a monitor ended:\n${monitor.output}`);
        await sleep(100);
      }
    }
    throw new Error(`${this.which}: the monitor notifies nothing:\n${monitor.output}`);
  }

  startIntrospectiveMonitor(): Child {
    const program = `${bin[this.which]}masakari-introspectiveinstancemonitor`;
    if (this.which === "ours") return this.#start(program);
    // Debian's reads the default socket whatever is configured, and that is the hypervisor's own in its mounts only.
    return this.#start("nsenter", "-t", String(this.#hypervisor.libvirtd.pid), "-m", program);
  }

  /** Of ours only. */
  startBothInOneProcess(): Child {
    return this.#start(`${bin.ours}masakari-monitors`, "run", "instancemonitor", "introspectiveinstancemonitor");
  }

  /** When the first POST about the guest arrived: `performance.now()`. */
  arrival(guest: Guest): number | undefined {
    this.#readPosts();
    return this.#posts.get(guest.domain.uuid)?.[0]?.arrivedAt;
  }

  /** When the POST about the guest arrived that the API took. */
  accepted(guest: Guest): number | undefined {
    this.#readPosts();
    return this.#posts.get(guest.domain.uuid)?.find(({ response }) => response?.status === 202)?.arrivedAt;
  }

  async close(): Promise<void> {
    await Promise.all(this.#monitors.map((monitor) => monitor.stop()));
    await this.site.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #start(...command: readonly [string, ...string[]]): Child {
    const monitor = new Child(command[0], [
      ...command.slice(1),
      "--config-file",
      `${this.#directory}/masakarimonitors.conf`,
    ]);
    this.#monitors.push(monitor);
    return monitor;
  }

  /** Each exchange is read once, when its body is complete: there may be many. */
  #readPosts(): void {
    const { exchanges } = this.site.masakari;
    this.#unread.push(...exchanges.slice(this.#taken));
    this.#taken = exchanges.length;
    this.#unread = this.#unread.filter((exchange) => {
      if (exchange.method !== "POST" || !exchange.path.endsWith("/notifications")) return false;
      if (exchange.body === "") return true;
      const uuid: string = JSON.parse(exchange.body).notification.payload.instance_uuid;
      const known = this.#posts.get(uuid);
      if (known === undefined) this.#posts.set(uuid, [exchange]);
      else known.push(exchange);
      return false;
    });
  }
}
