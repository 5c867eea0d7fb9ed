import { shorten } from "../http/shorten.ts";
import {
  BadRequestError,
  DuplicateNotificationError,
  HostNotFoundError,
  HostOnMaintenanceError,
} from "../openstack/errors.ts";
import type { MasakariClient } from "../openstack/masakari.ts";
import { messageOf } from "../system/message-of.ts";
import type { Deliver, DeliveryResult } from "./delivery.ts";
import type { Notification } from "./notification.ts";

/** Characters; a UUID has 36. It is logged and kept, and somebody else has chosen it. */
const LONGEST_UUID = 64;

/** Delivery to masakari-api. Only a response about the notification itself ends it; all other failures may pass. */
export function deliverToMasakari(client: Pick<MasakariClient, "createNotification">): Deliver {
  return async (notification, signal) => {
    try {
      const stored = await client.createNotification(notification, { signal });
      return { outcome: "delivered", notificationUuid: shorten(stored.notification_uuid, LONGEST_UUID) };
    } catch (error) {
      return resultOf(error, notification);
    }
  };
}

function resultOf(error: unknown, notification: Notification): DeliveryResult {
  const host = notification.hostname;
  if (error instanceof DuplicateNotificationError) return { outcome: "duplicate" };
  if (error instanceof HostOnMaintenanceError) {
    return {
      outcome: "rejected",
      reason:
        `host ${host} is on maintenance, so Masakari ignores what happens on it. ` +
        `When it is well again: masakari host-update ${host} --on-maintenance false ` +
        "(or: openstack segment host update SEGMENT HOST --on_maintenance False)",
    };
  }
  if (error instanceof HostNotFoundError) {
    return {
      outcome: "rejected",
      reason:
        `host ${host} is in no segment: masakari host-create ${host} --segment SEGMENT ` +
        "(or, if its segment knows it by another name, set that name as hostname in [DEFAULT])",
    };
  }
  if (error instanceof BadRequestError) {
    return { outcome: "rejected", reason: `the API does not accept it: ${error.detail || "no reason given"}` };
  }
  return { outcome: "failed", reason: messageOf(error) };
}
