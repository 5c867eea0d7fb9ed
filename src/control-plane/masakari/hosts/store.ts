import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { formatWholeSecond } from "../../formats/time.ts";
import { ApiFault } from "../fault.ts";
import { equals, type Listing, listRows } from "../list-query.ts";
import { type Stamps, stamps } from "../record.ts";
import { type SegmentRow, showSegment } from "../segments/store.ts";

/** What a caller may set on a host. */
export interface HostFields {
  readonly name: string;
  readonly type: string;
  readonly reserved: boolean;
  readonly control_attributes: string;
  readonly on_maintenance: boolean;
}

export interface HostRow extends Omit<HostFields, "reserved" | "on_maintenance">, Stamps {
  readonly id: number;
  readonly uuid: string;
  readonly segment_uuid: string;
  readonly reserved: number;
  readonly on_maintenance: number;
}

/** oslo.utils' strict booleans. */
const yes = ["1", "t", "true", "on", "y", "yes"];
const no = ["0", "f", "false", "off", "n", "no"];

const isTrue = (column: string) => (value: string) => {
  const word = value.trim().toLowerCase();
  if (yes.includes(word)) return { sql: `${column} = ?`, value: 1 };
  if (no.includes(word)) return { sql: `${column} = ?`, value: 0 };
  const acceptable = [...yes, ...no].map((one) => `'${one}'`).sort((one, other) => (one < other ? -1 : 1));
  throw new ApiFault(
    400,
    `Invalid value for ${column}: Unrecognized value '${value}', acceptable values are: ${acceptable.join(", ")}`,
  );
};

/** As upstream, `name` and `control_attributes` do not filter. */
const listing: Listing = {
  table: "host",
  columns: ["uuid", "name", "type", "reserved", "control_attributes", "on_maintenance"],
  filters: { type: equals("type"), on_maintenance: isTrue("on_maintenance"), reserved: isTrue("reserved") },
};

/** The undeleted hosts. */
export class HostStore {
  readonly #database: DatabaseSync;
  readonly #now: () => number;

  constructor(database: DatabaseSync, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** @throws ApiFault 400 for a query that makes no sense */
  list(segmentUuid: string, query: URLSearchParams): HostRow[] {
    return listRows(this.#database, listing, query, [{ sql: "segment_uuid = ?", value: segmentUuid }]);
  }

  find(segmentUuid: string, uuid: string): HostRow | undefined {
    return this.#one(
      "SELECT * FROM host WHERE segment_uuid = ? AND uuid = ? AND deleted_at IS NULL",
      segmentUuid,
      uuid,
    );
  }

  /** Among the hosts of all segments: a name is unique. */
  findByName(name: string): HostRow | undefined {
    return this.#one("SELECT * FROM host WHERE name = ? AND deleted_at IS NULL", name);
  }

  insert(segmentUuid: string, { name, type, reserved, control_attributes, on_maintenance }: HostFields): HostRow {
    return this.#one(
      `INSERT INTO host (uuid, segment_uuid, name, type, reserved, control_attributes, on_maintenance, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
      ...[randomUUID(), segmentUuid, name, type, Number(reserved), control_attributes, Number(on_maintenance)],
      formatWholeSecond(this.#now()),
    ) as HostRow;
  }

  update(uuid: string, { name, type, reserved, control_attributes, on_maintenance }: HostFields): HostRow {
    return this.#one(
      `UPDATE host SET name = ?, type = ?, reserved = ?, control_attributes = ?, on_maintenance = ?, updated_at = ?
       WHERE uuid = ? RETURNING *`,
      ...[name, type, Number(reserved), control_attributes, Number(on_maintenance)],
      formatWholeSecond(this.#now()),
      uuid,
    ) as HostRow;
  }

  putOnMaintenance(uuid: string): void {
    this.#database
      .prepare("UPDATE host SET on_maintenance = 1, reserved = 0, updated_at = ? WHERE uuid = ?")
      .run(formatWholeSecond(this.#now()), uuid);
  }

  /** Deletes softly. */
  delete(uuid: string): void {
    this.#database.prepare("UPDATE host SET deleted_at = ? WHERE uuid = ?").run(formatWholeSecond(this.#now()), uuid);
  }

  #one(sql: string, ...values: (string | number)[]): HostRow | undefined {
    return this.#database.prepare(sql).get(...values) as HostRow | undefined;
  }
}

/** A host as the API shows it, its whole segment inside. */
export function showHost(row: HostRow, segment: SegmentRow) {
  const { id, uuid, name, type, reserved, control_attributes, on_maintenance } = row;
  return {
    id,
    uuid,
    name,
    failover_segment_id: segment.uuid,
    failover_segment: showSegment(segment),
    type,
    reserved: reserved !== 0,
    control_attributes,
    on_maintenance: on_maintenance !== 0,
    ...stamps(row),
  };
}
