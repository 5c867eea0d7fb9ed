/**
 * The host monitor's driver in the sandbox: it passes on what the simulated cluster shows to this host, which the sandbox writes to a
 * file beside this one. It is copied next to that file, so it imports nothing but types.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterObservation, DriverParts, HostDriver } from "../../../host/driver.ts";
import type { FencingLookup } from "../../../host/fencing-device.ts";

/** What the sandbox writes. */
export interface SimulatedLook {
  /** ms since the epoch. */
  readonly writtenAt: number;
  readonly look: Omit<ClusterObservation, "at" | "interrupted">;
  /** Fencing devices by host. */
  readonly devices: Readonly<Record<string, SimulatedDevice>>;
}

/** A Redfish BMC on loopback. */
export interface SimulatedDevice {
  readonly port: number;
  readonly systemsUri: string;
}

/** The sandbox writes every second; older than this, ms, what it wrote means nothing. */
const VALID_MS = 10_000;
const FILE = join(import.meta.dirname, "look.json");

export function createDriver({ clock, config }: DriverParts): HostDriver {
  let wake = new AbortController();
  return {
    name: "the simulated cluster",
    async sense(observe, signal) {
      let interrupted = true;
      while (!signal.aborted) {
        wake = new AbortController();
        const at = clock.now();
        const look = await readLook(at.wall).catch(unknownLook);
        observe({ ...look, at, interrupted });
        interrupted = look.quorum === "unknown";
        const pause = config().host.monitoring_interval * 1000;
        await clock.sleep(pause, AbortSignal.any([signal, wake.signal])).catch(() => undefined);
      }
    },
    lookNow: () => wake.abort(),
    findFencingDevices: (host) => findDevices(host).catch((error: Error) => ({ devices: [], problem: error.message })),
  };
}

async function readLook(now: number): Promise<SimulatedLook["look"]> {
  const { look, writtenAt } = JSON.parse(await readFile(FILE, "utf8")) as SimulatedLook;
  if (now - writtenAt > VALID_MS) throw new Error("the sandbox no longer writes what its cluster shows");
  return look;
}

function unknownLook({ message }: Error): SimulatedLook["look"] {
  return {
    kind: "cluster",
    self: { name: undefined, stable: "unknown", reason: message },
    quorum: "unknown",
    heartbeat: "unknown",
    complete: false,
    hosts: [],
    maintenance: { cluster: "unknown" },
    fencing: undefined,
    problems: [],
  };
}

async function findDevices(host: string): Promise<FencingLookup> {
  const { devices } = JSON.parse(await readFile(FILE, "utf8")) as SimulatedLook;
  const device = Object.hasOwn(devices, host) ? devices[host] : undefined;
  if (device === undefined) return { devices: [], problem: `the simulated cluster has no fencing device for ${host}` };
  return {
    devices: [
      {
        id: `st-${host}`,
        address: "127.0.0.1",
        port: device.port,
        password: { from: "none" },
        protocol: "redfish",
        ssl: false,
        insecure: false,
        uri: "/redfish/v1",
        systemsUri: device.systemsUri,
      },
    ],
  };
}
