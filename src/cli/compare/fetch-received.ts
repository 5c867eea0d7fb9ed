import type { Notification } from "../../notify/notification.ts";
import type { MasakariClient } from "../../openstack/masakari.ts";
import type { StoredNotification } from "../../openstack/masakari-objects.ts";
import { SegmentHosts } from "../../openstack/segment-hosts.ts";
import { systemClock } from "../../system/system-clock.ts";
import type { Received } from "./pairs.ts";

const PAGE = 1000;
/** 20,000 notifications about one host in the time asked for are another problem. */
const MOST_PAGES = 20;
const REQUEST_MS = 60_000;

export interface InMasakari {
  readonly received: readonly Received[];
  readonly onMaintenance: ReadonlySet<string>;
}

/**
 * What Masakari received since then (ms since the epoch) about this host, and about the other hosts of its segment as hosts.
 * @throws what the client throws; Error if the host is in no segment
 */
export async function fetchReceived(client: MasakariClient, hostname: string, since: number): Promise<InMasakari> {
  const signal = new AbortController().signal;
  const segmentHosts = new SegmentHosts({ client: () => client, clock: systemClock });
  const hosts = await segmentHosts.readAll(signal, { isUrgent: true, isEnough: (found) => found.has(hostname) });
  const own = hosts.get(hostname);
  if (own === undefined) throw new Error(`${hostname} ([DEFAULT] hostname) is in no segment of Masakari`);
  const beside = [...hosts.values()].filter(({ segment }) => segment.uuid === own.segment.uuid);
  const names = new Map(beside.map(({ uuid, name }) => [uuid, name]));
  const time = { "generated-since": new Date(since).toISOString().slice(0, -1) };
  const [about, asHosts] = await Promise.all([
    pages(client, { ...time, source_host_uuid: own.uuid }),
    pages(client, { ...time, type: "COMPUTE_HOST" }),
  ]);
  const stored = new Map([...about, ...asHosts].map((one) => [one.notification_uuid, one]));
  return {
    received: [...stored.values()].flatMap((one) => {
      const name = names.get(one.source_host_uuid);
      return name === undefined ? [] : [{ stored: one, hostname: name, payload: asText(one.payload) }];
    }),
    onMaintenance: new Set(beside.filter(({ onMaintenance }) => onMaintenance).map(({ name }) => name)),
  };
}

const asText = (payload: StoredNotification["payload"]): Notification["payload"] =>
  Object.fromEntries(Object.entries(payload).map(([key, value]) => [key, String(value)]));

async function pages(client: MasakariClient, query: Record<string, string>): Promise<readonly StoredNotification[]> {
  const all: StoredNotification[] = [];
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const marker = all.at(-1)?.id;
    const items = await client.listNotifications(
      { ...query, limit: PAGE, ...(marker !== undefined && { marker }) },
      { signal: AbortSignal.timeout(REQUEST_MS) },
    );
    all.push(...items);
    if (items.length === 0) break;
  }
  return all;
}
