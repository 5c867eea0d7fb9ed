import type { OverviewOutcome } from "../client.ts";
import { type HostOverview, MONITORS, type MonitorOverview } from "./overview.ts";

export interface GatherParts {
  /** The name under which Masakari knows this host. */
  readonly hostname: string;
  /** The monitors of this process. */
  readonly own: ReadonlyMap<string, () => Promise<MonitorOverview>>;
  /** `[host] monitoring_driver` */
  readonly driver: string;
  /** All monitors that have run on this host, the known ones first. Never throws. */
  readonly programs: () => Promise<readonly string[]>;
  /** What another process has of this monitor. Never throws, and takes 2 s at most. */
  readonly query: (program: string) => Promise<OverviewOutcome>;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** Whoever asks within this time gets what the last one got, ms: many viewers cost as much as one. */
const FRESH_MS = 1000;
const HOST_MONITOR = "hostmonitor";

/** All monitors of this host, as they are now. */
export class HostGatherer {
  readonly #parts: GatherParts;
  #last: { readonly at: number; readonly overview: Promise<HostOverview> } | undefined;

  constructor(parts: GatherParts) {
    this.#parts = parts;
  }

  /** Never throws. */
  async now(): Promise<HostOverview> {
    const at = this.#parts.now();
    const last = this.#last;
    // The clock may have been set back.
    if (last !== undefined && at >= last.at && at - last.at < FRESH_MS) return await last.overview;
    const overview = this.#gather(at);
    this.#last = { at, overview };
    return await overview;
  }

  async #gather(at: number): Promise<HostOverview> {
    const { hostname, own, programs } = this.#parts;
    const names = [...new Set([...own.keys(), ...(await programs())])].slice(0, MONITORS).sort();
    const monitors = await Promise.all(names.map((name) => this.#monitor(name)));
    const driver = names.includes(HOST_MONITOR) ? this.#parts.driver : null;
    return { host: hostname, at: new Date(at).toISOString(), driver, monitors };
  }

  async #monitor(monitor: string): Promise<HostOverview["monitors"][number]> {
    const { own, query } = this.#parts;
    const here = own.get(monitor);
    if (here !== undefined) return { kind: "overview", monitor, overview: await here() };
    const outcome = await query(monitor);
    if (outcome.kind === "responded") return { kind: "overview", monitor, overview: outcome.overview };
    const problem = "reason" in outcome ? `${outcome.kind}: ${outcome.reason}` : outcome.kind;
    return { kind: "silent", monitor, problem };
  }
}
