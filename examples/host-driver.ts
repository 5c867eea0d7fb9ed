/**
 * An operator's own driver: another tool writes to a JSON file which hosts are up or down,
 *
 *     {"written_at": "2026-11-28T10:00:00Z", "hosts": {"compute-1": "online", "compute-2": "offline"}}
 *
 * `[host] monitoring_driver = /etc/masakarimonitors/host-driver.mjs`, the file's name in `HOSTS_FILE` of the program's environment.
 * The installed programs load JavaScript:
 *
 *     npx esbuild examples/host-driver.ts --outfile=/etc/masakarimonitors/host-driver.mjs
 *
 * The driver only passes on what the file states. Samples, gates and notifications are the host monitor's; without
 * `findFencingDevices` a host that has been offline for `monitoring_samples` looks counts as down.
 */
import { readFile } from "node:fs/promises";
import type { ClusterObservation, DriverParts, HostDriver, HostObservation } from "../src/host/driver.ts";

const FILE = process.env.HOSTS_FILE ?? "/run/masakari-hosts.json";
/** How long the file's content is valid, ms; after that the tool that writes it may be dead. */
const HOLDS_MS = 120_000;
const READ_MS = 5000;

export function createDriver({ clock, config, hostname }: DriverParts): HostDriver {
  let wake = new AbortController();
  return {
    name: "the hosts file",
    async sense(observe, signal) {
      let interrupted = true;
      while (!signal.aborted) {
        wake = new AbortController();
        const at = clock.now();
        const read = await readHosts(at.wall).catch((error: Error) => error.message);
        observe({ ...look(read, hostname), at, interrupted });
        interrupted = typeof read === "string";
        const pause = config().host.monitoring_interval * 1000;
        await clock.sleep(pause, AbortSignal.any([signal, wake.signal])).catch(() => undefined);
      }
    },
    lookNow: () => wake.abort(),
  };
}

/** @throws Error the file cannot be read, is too old or is not understood */
async function readHosts(now: number): Promise<HostObservation[]> {
  const { written_at, hosts } = JSON.parse(
    await readFile(FILE, { encoding: "utf8", signal: AbortSignal.timeout(READ_MS) }),
  );
  const age = now - Date.parse(written_at);
  if (!(age < HOLDS_MS)) throw new Error(`${FILE} was written at ${written_at}; see why it is not written any more`);
  return Object.entries(hosts).map(([name, state]) => {
    return { name, kind: "node", state: state === "online" || state === "offline" ? state : "unknown" };
  });
}

/** @param read the hosts, or why nothing is known: then nothing may be concluded */
function look(read: HostObservation[] | string, hostname: string): Omit<ClusterObservation, "at" | "interrupted"> {
  const common = { kind: "cluster", heartbeat: "unknown", maintenance: { cluster: "no" }, fencing: undefined } as const;
  if (typeof read !== "string") {
    const self = { name: hostname, stable: "yes" } as const;
    return { ...common, self, quorum: "yes", complete: true, hosts: read, problems: [] };
  }
  const problem = { name: "hosts file", consequence: "lost hosts are not reported", problem: read };
  const self = { name: undefined, stable: "unknown", reason: read } as const;
  return { ...common, self, quorum: "unknown", complete: false, hosts: [], problems: [problem] };
}
