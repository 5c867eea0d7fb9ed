import type { HostStatus } from "./observation.ts";

/** What the host monitor asks Masakari and Nova. Nothing is written by it. Each rejects if there is no answer. */
export interface HostApi {
  /** The names of all hosts of all segments. */
  segmentHosts(signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Whether Masakari has a notification that the host is down, generated since then.
   * @param since ms since the epoch
   * @param status UNKNOWN: also one with NORMAL counts
   */
  isNotified(loss: ReportedLoss, signal: AbortSignal): Promise<boolean>;
  /** What Nova knows of the host's nova-compute. */
  computeService(hostname: string, signal: AbortSignal): Promise<ComputeService>;
}

export interface ReportedLoss {
  readonly hostname: string;
  readonly since: number;
  readonly status: HostStatus;
}

export interface ComputeService {
  readonly state: "up" | "down";
  /** Its latest heartbeat by Nova's clock, ms since the epoch. */
  readonly updatedAt: number;
}
