import { ApiFault } from "../fault.ts";
import { limitOf } from "../list-query.ts";
import { notEmpty, type Resource } from "../resource.ts";
import type { Stores } from "../stores.ts";
import { showVmove } from "./store.ts";

const rule = (action: string) => `os_masakari_api:vmoves:${action}`;

/** `/v1/notifications/{notification_id}/vmoves`, read only; as upstream's, whatever the microversion. */
export function vmovesResource(stores: Stores): Resource {
  return {
    path: `notifications/:notification_id${notEmpty}/vmoves`,
    memberAction: false,
    actions: {
      index: {
        status: 200,
        rule: rule("index"),
        handle: ({ params, query }) => {
          limitOf(query);
          const notification = notificationWithVmoves(stores, params.notification_id);
          return { vmoves: stores.vmoves.list(notification, query).map(showVmove) };
        },
      },
      show: {
        status: 200,
        rule: rule("detail"),
        handle: ({ params }) => {
          const notification = notificationWithVmoves(stores, params.notification_id);
          const row = stores.vmoves.find(notification, params.id ?? "");
          if (!row) throw new ApiFault(404, `No vm move with id ${params.id}.`);
          return { vmove: showVmove(row) };
        },
      },
    },
  };
}

/** @throws ApiFault 404 if there is no such notification, 400 if it is about no host */
function notificationWithVmoves({ notifications }: Stores, uuid = ""): string {
  const row = notifications.find(uuid);
  if (!row) throw new ApiFault(404, `No notification with id ${uuid}.`);
  if (row.type !== "COMPUTE_HOST") throw new ApiFault(400, `This notification ${uuid} without vm moves.`);
  return row.uuid;
}
