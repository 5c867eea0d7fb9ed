import { HttpStatusError } from "../../openstack/errors.ts";
import { isRecord } from "../../openstack/json.ts";
import type { CallOptions, MasakariClient } from "../../openstack/masakari.ts";
import type { StoredNotification } from "../../openstack/masakari-objects.ts";
import { table } from "../table.ts";
import { hasMicroversion } from "./call.ts";
import { CommandError } from "./command-context.ts";
import { type Found, hostsOf, isHost } from "./find.ts";
import { integerMarker, type ListOptions, listQuery } from "./list-query.ts";
import { listView, objectView } from "./output/view.ts";
import { collected } from "./pages.ts";
import { one, type Result } from "./result.ts";

export interface NotificationFilters extends ListOptions {
  readonly type?: string;
  readonly status?: string;
  /** Name or UUID. */
  readonly host?: string;
  readonly since?: string;
}

export interface NewNotification {
  readonly type: string;
  readonly hostname: string;
  readonly generatedTime: string;
  /** JSON. */
  readonly payload: string;
}

const FILTERS = {
  source_host_uuid: "source_host_uuid",
  type: "type",
  status: "status",
  "generated-since": "generated-since",
  generated_since: "generated-since",
};
const LIST_COLUMNS = ["notification_uuid", "generated_time", "status", "type", "source_host_uuid", "payload"];
const COLUMNS = [
  ...[
    "created_at",
    "updated_at",
    "notification_uuid",
    "type",
    "status",
    "source_host_uuid",
    "generated_time",
    "payload",
  ],
];

/** @param named whether hosts are shown by name: a notification has its host's uuid only, which means nothing to a person */
export async function listNotifications(
  client: MasakariClient,
  { type, status, host, since, ...options }: NotificationFilters,
  named: boolean,
  call: CallOptions,
): Promise<Result> {
  const hosts: Found[] = named || host !== undefined ? await collected(hostsOf(client, undefined, call)) : [];
  // A deleted host is in no list: then it is treated as a UUID, as notifications keep it.
  const source_host_uuid = host === undefined ? undefined : (hosts.find(isHost(host))?.host.uuid ?? host);
  const given = { type, status, source_host_uuid, "generated-since": since };
  const query = {
    ...listQuery(options, FILTERS),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    marker: await integerMarker(
      options,
      async (uuid) => (await client.getNotification(uuid, { signal: call.signal })).id,
    ),
  };
  const notifications = await client.listNotifications(query, call);
  const names = new Map(hosts.map((found) => [found.host.uuid, found.host.name]));
  const text = table<StoredNotification>(notifications, [
    ["UUID", ({ notification_uuid }) => notification_uuid],
    ["GENERATED", ({ generated_time }) => generated_time.slice(0, 19)],
    ["TYPE", (notification) => notification.type],
    ["HOST", (notification) => names.get(notification.source_host_uuid) ?? notification.source_host_uuid],
    ["STATUS", (notification) => notification.status],
    ["PAYLOAD", ({ payload }) => Object.values(payload).join(" ")],
  ]);
  return { json: notifications, text, view: listView(notifications, LIST_COLUMNS) };
}

/**
 * From 1.1 on the API asks the engine what it has done, and responds with 500 after a minute if there is none.
 * @param details false: the engine is not asked
 */
export async function showNotification(
  client: MasakariClient,
  uuid: string,
  details: boolean,
  call: CallOptions & { readonly warn: (text: string) => void },
): Promise<Result> {
  const plain = { signal: call.signal };
  if (!details || !hasMicroversion(call, "1.1")) return shown(await client.getNotification(uuid, plain), false);
  try {
    return shown(await client.getNotification(uuid, call), true);
  } catch (error) {
    if (!(error instanceof HttpStatusError && error.status === 500)) throw error;
    const notification = await client.getNotification(uuid, plain);
    call.warn(
      `${error.message}. Shown without recovery_workflow_details, which come from masakari-engine: systemctl status masakari-engine on the controllers`,
    );
    return shown(notification, false);
  }
}

export async function createNotification(
  client: MasakariClient,
  { type, hostname, generatedTime: generated_time, payload }: NewNotification,
  call: CallOptions & { readonly warn: (text: string) => void },
): Promise<Result> {
  const body = { type, hostname, generated_time, payload: parsedPayload(payload) };
  const { notification_uuid } = await client.createNotification(body, call);
  return await showNotification(client, notification_uuid, true, call);
}

function parsedPayload(text: string): Readonly<Record<string, string>> {
  let payload: unknown;
  try {
    payload = JSON.parse(text);
  } catch (error) {
    throw new CommandError(`the payload is not JSON, e.g. '{"event": "STOPPED", "process_name": "nova-compute"}'`, {
      cause: error,
    });
  }
  if (isRecord(payload)) return payload as Readonly<Record<string, string>>;
  throw new CommandError(
    `the payload must be a JSON object, e.g. '{"event": "STOPPED", "process_name": "nova-compute"}'`,
  );
}

function shown(notification: StoredNotification, details: boolean): Result {
  const view = objectView(notification, details ? [...COLUMNS, "recovery_workflow_details"] : COLUMNS);
  return one(notification, view);
}
