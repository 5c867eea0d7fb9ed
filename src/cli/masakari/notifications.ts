import type { MasakariClient } from "../../openstack/masakari.ts";
import type { StoredNotification } from "../../openstack/masakari-objects.ts";
import { table } from "../table.ts";
import { findHosts, isHost } from "./find.ts";
import { one, type Result, subjectOf } from "./result.ts";

interface Filters {
  readonly limit?: number;
  readonly type?: string;
  readonly status?: string;
  /** Name or UUID. */
  readonly host?: string;
  readonly since?: string;
}

export async function listNotifications(
  client: MasakariClient,
  { limit, type, status, host, since }: Filters,
  signal: AbortSignal,
): Promise<Result> {
  const hosts = await findHosts(client, undefined, signal);
  // A deleted host is in no list: then it is treated as a UUID, as notifications keep it.
  const source_host_uuid = host === undefined ? undefined : (hosts.find(isHost(host))?.host.uuid ?? host);
  const query = { limit, type, status, source_host_uuid, "generated-since": since };
  const notifications = await client.listNotifications(query, { signal });
  // A notification names its host by uuid only, which means nothing to a person.
  const names = new Map(hosts.map((one) => [one.host.uuid, one.host.name]));
  const text = table<StoredNotification>(notifications, [
    ["UUID", ({ notification_uuid }) => notification_uuid],
    ["GENERATED", ({ generated_time }) => generated_time.slice(0, 19)],
    ["TYPE", (notification) => notification.type],
    ["HOST", (notification) => names.get(notification.source_host_uuid) ?? notification.source_host_uuid],
    ["STATUS", (notification) => notification.status],
    ["PAYLOAD", ({ payload }) => Object.values(payload).join(" ")],
  ]);
  return { json: notifications, text };
}

export async function showNotification(
  client: MasakariClient,
  { argument, id, details }: { argument?: string; id?: string; details?: boolean },
  signal: AbortSignal,
): Promise<Result> {
  // From 1.1 on the API asks the engine, and answers 500 after a minute if there is none: only on demand.
  const microversion = details === true ? "1.1" : undefined;
  return one(await client.getNotification(subjectOf(argument, id, "UUID", "--id"), { signal, microversion }));
}
