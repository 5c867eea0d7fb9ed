import { hostname } from "node:os";
import type { Child } from "../support/child.ts";
import { about } from "../support/notification-post.ts";
import { type ListEntry, type MonitorProgram, ours, Rig } from "../support/process-monitor.ts";
import type { Exchange } from "../support/recording-proxy.ts";
import type { OpenStackAddress } from "../system/openstack/servers.ts";
import { openSite, type Site } from "../system/openstack/site.ts";

const python: MonitorProgram = {
  path: "/usr/bin/masakari-processmonitor",
  watching: /Process '.*' is found\./,
};

/** How many entries the process list has. */
export const entries = 20;

export interface Settings {
  readonly process: Readonly<Record<string, string | number>>;
  readonly debug?: boolean;
}

/** One of the two monitors at its own proxy to the same API, with twenty processes to watch. */
export class Peer {
  readonly site: Site;
  readonly rig: Rig;
  readonly names: readonly string[];
  readonly targets: readonly Child[];

  constructor(site: Site, rig: Rig, names: readonly string[]) {
    this.site = site;
    this.rig = rig;
    this.names = names;
    this.targets = names.map((name) => rig.startProcess(name));
  }

  /** When the POST about a process arrived, if it has: `performance.now()`. */
  arrival(name: string): number | undefined {
    return this.posts(name)[0]?.arrivedAt;
  }

  /** The POSTs about a process that reached the proxy. */
  posts(name: string): Exchange[] {
    return this.site.masakari.matching(about(name));
  }

  /** Ends the targets and the monitor. */
  async close(): Promise<void> {
    await this.rig.close();
    await this.site.close();
  }
}

let made = 0;

/** Both start with names never used before, so that no notification is a duplicate of an earlier section's. */
export async function makePeer(which: "python" | "ours", address: OpenStackAddress, settings: Settings): Promise<Peer> {
  made += 1;
  const site = await openSite(address);
  const rig = await Rig.create({
    // The Python process monitor reports gethostname(), whatever is configured.
    hostname: hostname(),
    api: site.apiSection(),
    process: settings.process,
    notifications: {},
    debug: settings.debug ?? false,
    monitor: which === "python" ? python : ours,
  });
  const names = Array.from(
    { length: entries },
    (_, index) => `bench-${which}-${made}-${String(index).padStart(2, "0")}`,
  );
  const list: ListEntry[] = names.map((name) => ({ process_name: rig.path(name), start_command: "/bin/true" }));
  await rig.list(list);
  return new Peer(site, rig, names);
}
