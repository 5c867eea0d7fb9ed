import type { HostStatus } from "../observation.ts";
import { type Context, masakariName, subjectOf } from "./context.ts";

/** Has Masakari notified that the host is down. `host_status` and `cluster_status` are upstream's. */
export function notifyStopped(name: string, status: HostStatus, context: Context): void {
  const { settings } = context;
  context.supersede(subjectOf(name), `${name} is down again`, [{ event: "STARTED" }]);
  context.notify(subjectOf(name), {
    type: "COMPUTE_HOST",
    hostname: masakariName(name, settings),
    payload: {
      event: "STOPPED",
      ...(settings.hasClusterStatus && { cluster_status: "OFFLINE" }),
      host_status: status,
    },
  });
}

export function notifyStarted(name: string, context: Context): void {
  context.notify(subjectOf(name), {
    type: "COMPUTE_HOST",
    hostname: masakariName(name, context.settings),
    payload: { event: "STARTED", cluster_status: "ONLINE", host_status: "NORMAL" },
  });
}

/** What is undelivered about the host's failure must not be sent any more. */
export function withdrawStopped(name: string, reason: string, context: Context): void {
  context.supersede(subjectOf(name), `${name} ${reason}`, [{ event: "STOPPED" }]);
}
