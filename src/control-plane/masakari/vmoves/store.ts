import type { DatabaseSync } from "node:sqlite";
import { formatTime } from "../../formats/time.ts";
import { equals, type Listing, listRows } from "../list-query.ts";
import { type Stamps, stamps } from "../record.ts";

/** How an engine moved, or tried to move, one guest off a failed host. Times are ms since the Unix epoch. */
export interface VmoveFields {
  readonly instance_uuid: string;
  readonly instance_name: string;
  readonly source_host: string;
  readonly dest_host: string | null;
  readonly start_time: number | null;
  readonly end_time: number | null;
  readonly type: "evacuation" | "migration" | "live_migration";
  readonly status: "pending" | "ongoing" | "ignored" | "failed" | "succeeded";
  readonly message: string | null;
}

export interface VmoveRow extends Omit<VmoveFields, "start_time" | "end_time">, Stamps {
  readonly id: number;
  readonly uuid: string;
  readonly notification_uuid: string;
  readonly start_time: string | null;
  readonly end_time: string | null;
}

const listing: Listing = {
  table: "vmove",
  columns: [
    ...["uuid", "notification_uuid", "instance_uuid", "instance_name", "source_host", "dest_host"],
    ...["start_time", "end_time", "type", "status", "message"],
  ],
  filters: { status: equals("status"), type: equals("type") },
};

/** The undeleted vmoves. */
export class VmoveStore {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @throws ApiFault 400 for a query that makes no sense */
  list(notificationUuid: string, query: URLSearchParams): VmoveRow[] {
    return listRows(this.#database, listing, query, [{ sql: "notification_uuid = ?", value: notificationUuid }]);
  }

  find(notificationUuid: string, uuid: string): VmoveRow | undefined {
    return this.#database
      .prepare("SELECT * FROM vmove WHERE notification_uuid = ? AND uuid = ? AND deleted_at IS NULL")
      .get(notificationUuid, uuid) as VmoveRow | undefined;
  }

  insert(uuid: string, notificationUuid: string, fields: VmoveFields, createdAt: string): void {
    const { instance_uuid, instance_name, source_host, dest_host, start_time, end_time, type, status, message } =
      fields;
    this.#database
      .prepare(
        `INSERT INTO vmove (uuid, notification_uuid, instance_uuid, instance_name, source_host, dest_host, start_time,
                            end_time, type, status, message, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        ...[uuid, notificationUuid, instance_uuid, instance_name, source_host, dest_host],
        ...[timeText(start_time), timeText(end_time), type, status, message, createdAt],
      );
  }
}

function timeText(ms: number | null): string | null {
  return ms === null ? null : formatTime({ ms, micros: 0 });
}

/** A vmove as the API shows it. */
export function showVmove(row: VmoveRow) {
  const { id, uuid, notification_uuid, instance_uuid, instance_name, source_host, dest_host } = row;
  const { start_time, end_time, type, status, message } = row;
  return {
    ...{ id, uuid, notification_uuid, instance_uuid, instance_name, source_host, dest_host },
    ...{ start_time, end_time, type, status, message },
    ...stamps(row),
  };
}
