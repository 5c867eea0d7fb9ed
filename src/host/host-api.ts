import type { HostStatus } from "./observation.ts";

/** What the host monitor asks Masakari. Nothing is written by it. Each rejects if there is no answer. */
export interface HostApi {
  /** The names of all hosts of all segments. */
  segmentHosts(signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Whether Masakari has a notification that the host is down, generated since then.
   * @param since ms since the epoch
   * @param status UNKNOWN: also one with NORMAL counts
   */
  isNotified(loss: ReportedLoss, signal: AbortSignal): Promise<boolean>;
}

export interface ReportedLoss {
  readonly hostname: string;
  readonly since: number;
  readonly status: HostStatus;
}

/** Asks Nova for the nova-compute of a host, as Nova calls it. Rejects if there is no answer. */
export type AskNova = (hostname: string, signal: AbortSignal) => Promise<ComputeService>;

/** What Nova knows of a nova-compute. */
export interface ComputeService {
  readonly state: "up" | "down";
  /** Its latest heartbeat by Nova's clock, ms since the epoch. */
  readonly updatedAt: number;
}
