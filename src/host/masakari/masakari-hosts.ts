import type { MasakariClient } from "../../openstack/masakari.ts";
import type { StoredNotification } from "../../openstack/masakari-objects.ts";
import type { Clock } from "../../system/clock.ts";
import type { ReportedLoss } from "../host-api.ts";

type Client = Pick<MasakariClient, "listSegments" | "listHosts" | "listNotifications">;

/** What a request may take, ms; the transport's own limit is per exchange, and a login may come first. */
const REQUEST_MS = 15_000;
/** masakari-api gives no more items at once (`[osapi_v1] max_limit`), and fewer where that is set lower. */
const PAGE = 1000;
const MOST_PAGES = 20;
/** Several losses of one moment share a list of notifications, ms. */
const SHARED_MS = 2000;

export interface MasakariHostsParts {
  /** The client of the session in use, which SIGHUP may replace. */
  readonly client: () => Client;
  readonly clock: Clock;
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
  /** The names of the hosts of all segments, by UUID. */
  #names: ReadonlyMap<string, string> = new Map();
  #listed: SharedList | undefined;

  constructor(parts: MasakariHostsParts) {
    this.#parts = parts;
  }

  /** The names of the hosts of all segments. */
  async segmentHosts(signal: AbortSignal): Promise<readonly string[]> {
    const names = new Map<string, string>();
    const segments = await this.#pages((query, options) => this.#parts.client().listSegments(query, options), signal);
    for (const { uuid } of segments) {
      const hosts = await this.#pages((query, options) => this.#parts.client().listHosts(uuid, query, options), signal);
      for (const host of hosts) names.set(host.uuid, host.name);
    }
    this.#names = names;
    return [...new Set(names.values())];
  }

  /** Whether there is a STOPPED of this host, generated since then, with this `host_status` or NORMAL. */
  async isNotified({ hostname, since, status }: ReportedLoss, signal: AbortSignal): Promise<boolean> {
    if (![...this.#names.values()].includes(hostname)) await this.segmentHosts(signal);
    const notifications = await this.#notificationsSince(since, signal);
    return notifications.some(({ source_host_uuid, payload, generated_time }) => {
      const isDown =
        payload.event === "STOPPED" && (payload.host_status === "NORMAL" || payload.host_status === status);
      return isDown && this.#names.get(source_host_uuid) === hostname && Date.parse(`${generated_time}Z`) >= since;
    });
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

  async #pages<T extends { readonly id: number }>(
    list: (query: Record<string, string | number>, options: { signal: AbortSignal }) => Promise<T[]>,
    signal: AbortSignal,
  ): Promise<readonly T[]> {
    const all: T[] = [];
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const marker = all.at(-1)?.id;
      const query = { limit: PAGE, ...(marker !== undefined && { marker }) };
      const items = await this.#bounded((options) => list(query, options), signal);
      all.push(...items);
      if (items.length === 0) break;
    }
    return all;
  }

  async #bounded<T>(ask: (options: { signal: AbortSignal }) => Promise<T>, signal: AbortSignal): Promise<T> {
    return await ask({ signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]) });
  }
}
