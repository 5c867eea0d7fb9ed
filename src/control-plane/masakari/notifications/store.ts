import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { PythonFloat, toPythonJson } from "../../formats/python-json.ts";
import { formatTime, formatWholeSecond, parseIsoTime, type UtcTime } from "../../formats/time.ts";
import { ApiFault } from "../fault.ts";
import { equalsIndexed, type Listing, listDocument } from "../list-query.ts";
import type { Stamps } from "../record.ts";
import type { Release } from "../release.ts";
import { type Shape, showRow, stampShape } from "../shape.ts";
import { invalid } from "../validation.ts";

/** Where Python's calendar begins. ms since the Unix epoch. */
const YEAR_1 = -62_135_596_800_000;

/** What a monitor notifies, its host looked up. */
export interface NewNotification {
  readonly generatedTime: UtcTime;
  readonly sourceHostUuid: string;
  readonly segmentUuid: string;
  readonly type: string;
  readonly payload: Readonly<Record<string, string>>;
}

/** One task of the workflow by which an engine recovered. `progress` is 0 to 1. */
export interface WorkflowTask {
  readonly name: string;
  readonly progress: number;
  readonly progress_details: readonly {
    /** `2026-11-22 11:49:30.769436` */
    readonly timestamp: string;
    readonly progress: string;
    readonly message: string;
  }[];
  readonly state: string;
}

export interface NotificationRow extends Stamps {
  readonly id: number;
  readonly uuid: string;
  readonly generated_time: string;
  readonly source_host_uuid: string;
  readonly type: string;
  /** JSON as Python writes it, members in the order they were sent. */
  readonly payload: string;
  readonly status: string;
  readonly failover_segment_uuid: string;
  readonly message: string | null;
  /** JSON: a list of `WorkflowTask`. */
  readonly workflow_tasks: string;
}

const listing: Listing = {
  table: "notification",
  columns: ["generated_time", "source_host_uuid", "type", "payload", "status"],
  filters: {
    status: equalsIndexed("status"),
    type: equalsIndexed("type"),
    source_host_uuid: equalsIndexed("source_host_uuid", "payload_key"),
    "generated-since": (text) => {
      const since = parseIsoTime(text);
      if (since === undefined) throw new ApiFault(400, "Invalid generated-since value");
      return { sql: "generated_time >= ?", value: formatTime(since), indexOrder: "generated_time" };
    },
  },
};

export class NotificationStore {
  readonly #database: DatabaseSync;
  readonly #now: () => number;
  readonly #duplicateInterval: number;

  /** @param duplicateInterval masakari's `duplicate_notification_detection_interval`, seconds */
  constructor(database: DatabaseSync, now: () => number, duplicateInterval: number) {
    this.#database = database;
    this.#now = now;
    this.#duplicateInterval = duplicateInterval;
  }

  /** `{"notifications": […]}`, as bytes. @throws ApiFault 400 for a query that makes no sense */
  list(query: URLSearchParams, release: Release): Buffer {
    const shape = [...headShape, ...tailShape(release)];
    return listDocument(this.#database, listing, query, { member: "notifications", shape });
  }

  find(uuid: string): NotificationRow | undefined {
    return this.#database.prepare("SELECT * FROM notification WHERE uuid = ? AND deleted_at IS NULL").get(uuid) as
      | NotificationRow
      | undefined;
  }

  /**
   * Whether the same was notified before: same type, host and payload (whatever the order of its members), generated no
   * earlier than the interval before this one. There is no upper bound, and the status does not matter.
   * @throws ApiFault 400 if there is no such time, as for others outside the calendar
   */
  isDuplicate({ generatedTime, sourceHostUuid, type, payload }: NewNotification): boolean {
    const ms = generatedTime.ms - this.#duplicateInterval * 1000;
    if (ms < YEAR_1) throw invalid("generated_time", formatTime(generatedTime), "It is too early.");
    const since = formatTime({ ...generatedTime, ms });
    return (
      this.#database
        .prepare(
          `SELECT 1 FROM notification WHERE source_host_uuid = ? AND type = ? AND payload_key = ?
           AND generated_time >= ? AND deleted_at IS NULL LIMIT 1`,
        )
        .get(sourceHostUuid, type, payloadKey(payload), since) !== undefined
    );
  }

  /** Stores a notification with status `new`. */
  insert({ generatedTime, sourceHostUuid, segmentUuid, type, payload }: NewNotification): NotificationRow {
    const row = {
      uuid: randomUUID(),
      generated_time: formatTime(generatedTime),
      source_host_uuid: sourceHostUuid,
      failover_segment_uuid: segmentUuid,
      type,
      payload: toPythonJson(payload),
      status: "new",
      created_at: formatWholeSecond(this.#now()),
    };
    const { lastInsertRowid } = this.#database
      .prepare(
        `INSERT INTO notification
           (uuid, generated_time, source_host_uuid, failover_segment_uuid, type, payload, status, created_at, payload_key)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      // The row has its members in this order.
      .run(...Object.values(row), payloadKey(payload));
    // The rest are the columns' defaults.
    const defaults = { message: null, workflow_tasks: "[]", updated_at: null, deleted_at: null };
    return { ...row, ...defaults, id: Number(lastInsertRowid) };
  }

  /** Stores how far the recovery has come. */
  settle(uuid: string, status: string, message: string | null, tasks: readonly WorkflowTask[]): void {
    this.#database
      .prepare("UPDATE notification SET status = ?, message = ?, workflow_tasks = ?, updated_at = ? WHERE uuid = ?")
      .run(status, message, JSON.stringify(tasks), formatWholeSecond(this.#now()), uuid);
  }

  /** Whether a notification from one of the segment's hosts is still to be dealt with. */
  segmentInUse(segmentUuid: string): boolean {
    return (
      this.#database
        .prepare(
          // The hosts first: most notifications may be of other segments.
          `SELECT 1 FROM host CROSS JOIN notification ON source_host_uuid = host.uuid
           WHERE segment_uuid = ? AND host.deleted_at IS NULL AND notification.deleted_at IS NULL
           AND status IN ('new', 'running', 'error') LIMIT 1`,
        )
        .get(segmentUuid) !== undefined
    );
  }
}

/** Equal for equal maps. */
function payloadKey(payload: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(payload).sort(([one], [other]) => (one < other ? -1 : 1)));
}

const headShape: Shape = [
  ["id", "id", "number"],
  ["notification_uuid", "uuid", "plain"],
  ["generated_time", "generated_time", "plain"],
  ["source_host_uuid", "source_host_uuid", "plain"],
  ["type", "type", "plain"],
  ["payload", "payload", "json"],
  ["status", "status", "plain"],
];

function tailShape({ hasVmoves }: Release): Shape {
  if (!hasVmoves) return stampShape;
  return [["failover_segment_uuid", "failover_segment_uuid", "plain"], ["message", "message", "text"], ...stampShape];
}

/** A notification as the API shows it. `withDetails`: as from 1.1 on, when one is shown. */
export function showNotification(row: NotificationRow, release: Release, { withDetails = false } = {}) {
  return {
    ...showRow(headShape, row),
    ...(withDetails && {
      // With details it comes from the engine by RPC, which loses the microseconds.
      generated_time: row.generated_time.replace(/\.\d+$/, ".000000"),
      recovery_workflow_details: showTasks(row),
    }),
    ...showRow(tailShape(release), row),
  };
}

function showTasks({ workflow_tasks }: NotificationRow) {
  const tasks = JSON.parse(workflow_tasks) as WorkflowTask[];
  return tasks.map(({ name, progress, progress_details, state }) => ({
    name,
    progress: new PythonFloat(progress),
    progress_details: progress_details.map(({ timestamp, progress, message }) => ({ timestamp, progress, message })),
    state,
  }));
}
