import type { Clock } from "../system/clock.ts";
import { HttpStatusError } from "./errors.ts";
import type { MasakariClient } from "./masakari.ts";
import type { Host, Segment } from "./masakari-objects.ts";

type Client = Pick<MasakariClient, "listSegments" | "listHosts">;

/** What a request may take, ms; the transport's own limit is per exchange, and a login may come first. */
const REQUEST_MS = 15_000;
/** masakari-api gives no more items at once (`[osapi_v1] max_limit`), and fewer where that is set lower. */
const PAGE = 1000;
const MOST_PAGES = 20;
const MOST_READINGS = 3;
/**
 * The pause between two requests of a list of all segments that nobody waits for: so many times what the request took, so that
 * a fleet that starts at once leaves the API room for notifications, and a slow API is asked more seldom.
 */
const PAUSE_RATIO = 20;
const LONGEST_PAUSE_MS = 5000;
/** What one process sends on average: with 1000 of them, 50 requests a second at most. */
export const MS_PER_REQUEST = 20_000;

/** A host as a segment of Masakari has it. */
export interface SegmentHost {
  readonly uuid: string;
  readonly name: string;
  readonly segment: Pick<Segment, "uuid" | "name">;
  /** False: masakari-engine ignores notifications about hosts of this segment. */
  readonly isEnabled: boolean;
  /** True: masakari-api refuses every notification about the host. */
  readonly onMaintenance: boolean;
}

export interface SegmentHostsParts {
  /** The client of the session in use, which SIGHUP may replace. */
  readonly client: () => Client;
  readonly clock: Clock;
}

interface ReadAllOptions {
  readonly isUrgent: boolean;
  readonly isEnough?: (hosts: ReadonlyMap<string, SegmentHost>) => boolean;
}

/**
 * The hosts of Masakari's segments. The API finds no host by its name, so segments are read one after the other until the hosts
 * that are asked for are found (a name is in one segment at most), and from then on only theirs.
 */
export class SegmentHosts {
  readonly #parts: SegmentHostsParts;
  #known: ReadonlyMap<string, SegmentHost> = new Map();
  #readAt: number | undefined;
  #requests = 0;

  constructor(parts: SegmentHostsParts) {
    this.#parts = parts;
  }

  /** The hosts of the latest reading by name; those of segments that it did not read are as an earlier one read them. */
  get known(): ReadonlyMap<string, SegmentHost> {
    return this.#known;
  }

  /** When they were read last, monotonic ms. */
  get readAt(): number | undefined {
    return this.#readAt;
  }

  /** How many requests were sent so far. */
  get requests(): number {
    return this.#requests;
  }

  /**
   * Reads the segments of these hosts; if one of the hosts is in none that is known, all segments until it is found.
   * @returns as `known`
   * @throws what the client throws
   */
  async read(names: Iterable<string>, signal: AbortSignal): Promise<ReadonlyMap<string, SegmentHost>> {
    const wanted = [...names];
    const segments = new Map<string, Pick<Segment, "uuid" | "name">>();
    for (const name of wanted) {
      const segment = this.#known.get(name)?.segment;
      if (segment === undefined) return await this.#search(wanted, signal);
      segments.set(segment.uuid, segment);
    }
    let hosts = new Map([...this.#known].filter(([, { segment }]) => !segments.has(segment.uuid)));
    for (const segment of segments.values()) hosts = new Map([...hosts, ...(await this.#hostsOf(segment, signal))]);
    this.#keep(hosts);
    if (wanted.every((name) => hosts.has(name))) return hosts;
    return await this.#search(wanted, signal);
  }

  /** @returns as `known` */
  async #search(wanted: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, SegmentHost>> {
    return await this.readAll(signal, {
      isUrgent: false,
      isEnough: (hosts) => wanted.every((name) => hosts.has(name)),
    });
  }

  /**
   * Reads all segments.
   * @param options isUrgent: without the pauses that spare the API; isEnough: whether the hosts read so far are all that are wanted
   * @returns as `known`
   */
  async readAll(
    signal: AbortSignal,
    { isUrgent, isEnough = () => false }: ReadAllOptions,
  ): Promise<ReadonlyMap<string, SegmentHost>> {
    const { client, clock } = this.#parts;
    const hosts = new Map<string, SegmentHost>();
    const segments = await this.#pages((query, options) => client().listSegments(query, options), signal);
    for (const [index, segment] of segments.entries()) {
      const since = clock.now().mono;
      for (const [name, host] of await this.#hostsOf(segment, signal)) hosts.set(name, host);
      if (isEnough(hosts)) {
        this.#keep(new Map([...this.#known, ...hosts]));
        return this.#known;
      }
      if (isUrgent || index === segments.length - 1) continue;
      const pause = Math.min((clock.now().mono - since) * PAUSE_RATIO, LONGEST_PAUSE_MS);
      if (pause > 0) await clock.sleep(pause, signal);
    }
    this.#keep(hosts);
    return hosts;
  }

  #keep(hosts: ReadonlyMap<string, SegmentHost>): void {
    this.#known = hosts;
    this.#readAt = this.#parts.clock.now().mono;
  }

  /** A segment that was deleted has none. */
  async #hostsOf(
    segment: Pick<Segment, "uuid" | "name">,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, SegmentHost>> {
    const { client } = this.#parts;
    try {
      const hosts = await this.#pages((query, options) => client().listHosts(segment.uuid, query, options), signal);
      return new Map(hosts.map((host) => [host.name, segmentHost(host, segment)]));
    } catch (error) {
      if (error instanceof HttpStatusError && error.status === 404) return new Map();
      throw error;
    }
  }

  /** From the beginning again if the item that ends a page is deleted before the next one is asked for. */
  async #pages<T extends { readonly id: number }>(list: ListPage<T>, signal: AbortSignal): Promise<readonly T[]> {
    for (let reading = 1; ; reading += 1) {
      try {
        return await this.#pagesOnce(list, signal);
      } catch (error) {
        if (reading === MOST_READINGS || !isMarkerGone(error)) throw error;
      }
    }
  }

  async #pagesOnce<T extends { readonly id: number }>(list: ListPage<T>, signal: AbortSignal): Promise<readonly T[]> {
    const all: T[] = [];
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const marker = all.at(-1)?.id;
      const query = { limit: PAGE, ...(marker !== undefined && { marker }) };
      this.#requests += 1;
      const items = await list(query, { signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]) });
      all.push(...items);
      if (items.length === 0) break;
    }
    return all;
  }
}

type ListPage<T> = (query: Record<string, string | number>, options: { signal: AbortSignal }) => Promise<T[]>;

/** "Marker 5 could not be found." */
const isMarkerGone = (error: unknown): boolean =>
  error instanceof HttpStatusError && error.status === 400 && /^Marker .* could not be found/.test(error.detail);

/** Its segment is part of each host in the API's lists, `enabled` whatever the microversion; an old API has no such member. */
function segmentHost(host: Host, segment: Pick<Segment, "uuid" | "name">): SegmentHost {
  const { uuid, name, failover_segment: own, on_maintenance } = host;
  return {
    uuid,
    name,
    segment: { uuid: segment.uuid, name: own?.name ?? segment.name },
    isEnabled: own?.enabled !== false,
    onMaintenance: on_maintenance === true,
  };
}
