import type { SegmentHost } from "../openstack/segment-hosts.ts";
import type { HostStatus } from "./observation.ts";

/** What the host monitor asks Masakari. Nothing is written by it. Each rejects if there is no usable response. */
export interface HostApi {
  /**
   * The hosts of the segments that have these hosts, and of all segments if one of these is in none of them or none is named.
   * @returns also how long to wait before the next call, so that a fleet does not ask too often, ms
   */
  segmentHosts(
    hostnames: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly hosts: readonly SegmentHost[]; readonly restMs: number }>;
  /**
   * Whether Masakari has a notification that the host is down, generated since then, and none that it was up again before it was
   * lost this time.
   */
  findReport(loss: ReportedLoss, signal: AbortSignal): Promise<FoundReport>;
}

export interface FoundReport {
  readonly isNotified: boolean;
  /** When the host was up again, as Masakari was notified after the report of an earlier loss: ms since the epoch. */
  readonly upAgainAt?: number;
}

export interface ReportedLoss {
  readonly hostname: string;
  /** ms since the epoch. */
  readonly since: number;
  /** When it was lost, at the earliest, ms since the epoch: if it came up before that, what was reported until then is about an earlier loss. */
  readonly lostAt: number;
  /** UNKNOWN: also one with NORMAL counts. */
  readonly status: HostStatus;
}

/** Asks Nova for the nova-compute of a host, as Nova calls it. Rejects if there is no usable response. */
export type AskNova = (hostname: string, signal: AbortSignal) => Promise<ComputeService>;

/** What Nova knows of a nova-compute. */
export interface ComputeService {
  readonly state: "up" | "down";
  /** Its latest heartbeat by Nova's clock, ms since the epoch. */
  readonly updatedAt: number;
}
