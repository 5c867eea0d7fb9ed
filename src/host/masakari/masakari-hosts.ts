import type { MasakariClient } from "../../openstack/masakari.ts";
import type { StoredNotification } from "../../openstack/masakari-objects.ts";
import { MS_PER_REQUEST, type SegmentHost, type SegmentHosts } from "../../openstack/segment-hosts.ts";
import type { Clock } from "../../system/clock.ts";
import type { FoundReport, ReportedLoss } from "../host-api.ts";

type Client = Pick<MasakariClient, "listNotifications">;

/** What a request may take, ms; the transport's own limit is per exchange, and a login may come first. */
const REQUEST_MS = 15_000;
/** masakari-api gives no more items at once. */
const PAGE = 1000;
/** Several losses of one moment share a list of notifications, ms. */
const SHARED_MS = 2000;

export interface MasakariHostsParts {
  /** The client of the session in use, which SIGHUP may replace. */
  readonly client: () => Client;
  /** Those of the process. */
  readonly segmentHosts: SegmentHosts;
  readonly clock: Clock;
  /**
   * `[notifications] shadow`: nobody counts as having reported a host. What Masakari has is of the monitors beside which this one is
   * tried, and each of this kind records what it would send.
   */
  readonly isShadow?: () => boolean;
}

interface SharedList {
  readonly since: number;
  /** When it was asked for, mono ms. */
  readonly at: number;
  readonly list: Promise<StoredNotification[]>;
  /** Of the one who asked. */
  readonly signal: AbortSignal;
}

/** Masakari's segments and notifications, as far as the host monitor asks for them. */
export class MasakariHosts {
  readonly #parts: MasakariHostsParts;
  #listed: SharedList | undefined;

  constructor(parts: MasakariHostsParts) {
    this.#parts = parts;
  }

  /** As `HostApi.segmentHosts`. */
  async segmentHosts(
    hostnames: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly hosts: readonly SegmentHost[]; readonly restMs: number }> {
    const { segmentHosts } = this.#parts;
    const before = segmentHosts.requests;
    const hosts =
      hostnames.length === 0
        ? await segmentHosts.readAll(signal, { isUrgent: false })
        : await segmentHosts.read(hostnames, signal);
    return { hosts: [...hosts.values()], restMs: (segmentHosts.requests - before) * MS_PER_REQUEST };
  }

  /** As `HostApi.findReport`: of a STOPPED with this `host_status` or NORMAL. */
  async findReport({ hostname, since, lostAt, status }: ReportedLoss, signal: AbortSignal): Promise<FoundReport> {
    const { segmentHosts, isShadow } = this.#parts;
    if (isShadow?.()) return { isNotified: false };
    if (!segmentHosts.known.has(hostname)) await segmentHosts.readAll(signal, { isUrgent: true });
    const uuid = segmentHosts.known.get(hostname)?.uuid;
    const notifications = await this.#notificationsSince(since, signal);
    let [stopped, started] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const { source_host_uuid, payload, generated_time } of notifications) {
      const at = Date.parse(`${generated_time}Z`);
      if (source_host_uuid !== uuid || !(at >= since)) continue;
      const isSame = payload.host_status === "NORMAL" || payload.host_status === status;
      if (payload.event === "STOPPED" && isSame) stopped = Math.max(stopped, at);
      if (payload.event === "STARTED" && at < lostAt) started = Math.max(started, at);
    }
    const isNotified = stopped >= since && stopped >= started;
    return started >= since && !isNotified ? { isNotified, upAgainAt: started } : { isNotified };
  }

  async #notificationsSince(since: number, signal: AbortSignal): Promise<readonly StoredNotification[]> {
    const now = this.#parts.clock.now().mono;
    const shared = this.#listed;
    if (shared !== undefined && shared.since <= since && now - shared.at < SHARED_MS) {
      try {
        return await shared.list;
      } catch (error) {
        if (!shared.signal.aborted) throw error;
        // The one who asked no longer wants to know.
        if (this.#listed === shared) this.#listed = undefined;
        return await this.#notificationsSince(since, signal);
      }
    }
    const query = { type: "COMPUTE_HOST", "generated-since": new Date(since).toISOString().slice(0, -1), limit: PAGE };
    const list = this.#bounded((options) => this.#parts.client().listNotifications(query, options), signal);
    this.#listed = { since, at: now, list, signal };
    return await list;
  }

  async #bounded<T>(ask: (options: { signal: AbortSignal }) => Promise<T>, signal: AbortSignal): Promise<T> {
    return await ask({ signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]) });
  }
}
