import type { Json } from "../../formats/python-json.ts";
import { parseIsoTime } from "../../formats/time.ts";
import type { NotificationArrival } from "../../observation.ts";
import type { Call } from "../call.ts";
import { ApiFault } from "../fault.ts";
import type { NotificationDelay } from "../notification-delay.ts";
import type { Resource } from "../resource.ts";
import type { Stores } from "../stores.ts";
import { validate } from "../validation.ts";
import { createSchema, type NotificationType, payloadSchemas } from "./schema.ts";
import { type NotificationRow, showNotification } from "./store.ts";

const rule = (action: string) => `os_masakari_api:notifications:${action}`;

/** What storing notifications needs beside the stores. */
export interface NotificationRoom {
  readonly delay: NotificationDelay | undefined;
  /** Ends what waits. */
  readonly signal: AbortSignal;
  /** Called with each one after it is committed. */
  readonly onStored: (arrival: NotificationArrival) => void;
}

/** A notification as the schema has let it through. */
interface ReceivedNotification {
  readonly type: NotificationType;
  readonly hostname: string;
  readonly generated_time: string;
  readonly payload: Readonly<Record<string, string>>;
}

/** `/v1/notifications` */
export function notificationsResource(stores: Stores, { delay, signal, onStored }: NotificationRoom): Resource {
  const { notifications, release } = stores;
  return {
    path: "notifications",
    memberAction: true,
    actions: {
      index: {
        status: 200,
        rule: rule("index"),
        handle: ({ query }) => notifications.list(query, release),
      },
      show: {
        status: 200,
        rule: rule("detail"),
        handle: ({ params, version }) => {
          const row = notifications.find(params.id ?? "");
          if (!row) throw new ApiFault(404, `No notification with id ${params.id}.`);
          return { notification: showNotification(row, release, { withDetails: version.minor >= 1 }) };
        },
      },
      create: {
        status: 202,
        rule: rule("create"),
        schema: () => createSchema,
        handle: (call) => {
          const { notification } = call.body as unknown as { notification: ReceivedNotification };
          validate(payloadSchemas[notification.type], notification.payload);
          const take = async (): Promise<Json> => {
            const row = store(stores, notification);
            await stores.database.shared.committed();
            onStored(arrivalOf(call, notification, row));
            return { notification: showNotification(row, release) };
          };
          return delay ? delay(signal).then(take) : take();
        },
      },
    },
  };
}

/**
 * Host, maintenance and duplicate are looked at, and the row written, in one transaction: after the failure of a host many notifications
 * come at once, and share it.
 */
function store({ database, hosts, notifications }: Stores, received: ReceivedNotification): NotificationRow {
  return database.shared.run(() => {
    const { hostname, type, payload } = received;
    const host = hosts.findByName(hostname);
    if (!host) throw new ApiFault(400, `Host with name ${hostname} could not be found.`);
    if (host.on_maintenance !== 0) {
      throw new ApiFault(
        409,
        `Notification received from host ${hostname} of type '${type}' is ignored as the host is already under maintenance.`,
      );
    }
    const generatedTime = parseIsoTime(received.generated_time) ?? { ms: 0, micros: 0 };
    const candidate = { generatedTime, sourceHostUuid: host.uuid, segmentUuid: host.segment_uuid, type, payload };
    if (notifications.isDuplicate(candidate)) {
      throw new ApiFault(409, `Notification received from host ${hostname} of type ${type} is duplicate.`);
    }
    return notifications.insert(candidate);
  });
}

function arrivalOf(
  { arrivedAt }: Call,
  { hostname, payload }: ReceivedNotification,
  row: NotificationRow,
): NotificationArrival {
  return {
    notificationUuid: row.uuid,
    type: row.type,
    hostname,
    sourceHostUuid: row.source_host_uuid,
    generatedTime: row.generated_time,
    payload,
    arrivedAt,
  };
}
