import { randomUUID } from "node:crypto";
import { formatWholeSecond } from "../formats/time.ts";
import { inTransaction } from "../store/database.ts";
import type { WorkflowTask } from "./notifications/store.ts";
import type { Stores } from "./stores.ts";
import type { VmoveFields } from "./vmoves/store.ts";

/** What a masakari-engine leaves of the recovery that a notification led to. */
export interface Recovery {
  readonly status: "running" | "finished" | "ignored" | "error" | "failed";
  /** Shown by the release 1.3 only. */
  readonly message?: string;
  /** Shown from microversion 1.1 on. */
  readonly tasks?: readonly WorkflowTask[];
  readonly vmoves?: readonly VmoveFields[];
  /** Puts the host on maintenance, as an engine does before it recovers; it is no reserved host then. */
  readonly hostOnMaintenance?: boolean;
}

/**
 * Writes what an engine would have left; the control plane has none.
 * @throws Error if there is no such notification
 */
export function recordRecovery(stores: Stores, now: number, notificationUuid: string, recovery: Recovery): void {
  const { database, notifications, hosts, vmoves } = stores;
  inTransaction(database, () => {
    const notification = notifications.find(notificationUuid);
    if (!notification) throw new Error(`no notification ${notificationUuid}`);
    notifications.settle(notificationUuid, recovery.status, recovery.message ?? null, recovery.tasks ?? []);
    if (recovery.hostOnMaintenance) hosts.putOnMaintenance(notification.source_host_uuid);
    for (const vmove of recovery.vmoves ?? []) {
      vmoves.insert(randomUUID(), notificationUuid, vmove, formatWholeSecond(now));
    }
  });
}
