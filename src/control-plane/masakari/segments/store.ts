import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { formatWholeSecond } from "../../formats/time.ts";
import { equals, type Listing, listRows } from "../list-query.ts";
import { type Stamps, stamps } from "../record.ts";

/** What a caller may set on a segment. */
export interface SegmentFields {
  readonly name: string;
  readonly service_type: string;
  readonly enabled: boolean;
  readonly description: string | null;
  readonly recovery_method: string;
}

export interface SegmentRow extends Omit<SegmentFields, "enabled">, Stamps {
  readonly id: number;
  readonly uuid: string;
  readonly enabled: number;
}

const listing: Listing = {
  table: "segment",
  columns: ["uuid", "name", "service_type", "enabled", "description", "recovery_method"],
  filters: {
    recovery_method: equals("recovery_method"),
    service_type: equals("service_type"),
    // The text is compared as it is: 0 and 1 work.
    enabled: (value) => ({ sql: "CAST(enabled AS TEXT) = ?", value }),
  },
};

/** The undeleted segments. */
export class SegmentStore {
  readonly #database: DatabaseSync;
  readonly #now: () => number;

  constructor(database: DatabaseSync, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** @throws ApiFault 400 for a query that makes no sense */
  list(query: URLSearchParams): SegmentRow[] {
    return listRows(this.#database, listing, query);
  }

  find(uuid: string): SegmentRow | undefined {
    return this.#one("SELECT * FROM segment WHERE uuid = ? AND deleted_at IS NULL", uuid);
  }

  findByName(name: string): SegmentRow | undefined {
    return this.#one("SELECT * FROM segment WHERE name = ? AND deleted_at IS NULL", name);
  }

  insert({ name, service_type, enabled, description, recovery_method }: SegmentFields): SegmentRow {
    return this.#one(
      `INSERT INTO segment (uuid, name, service_type, enabled, description, recovery_method, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *`,
      ...[randomUUID(), name, service_type, Number(enabled), description, recovery_method],
      formatWholeSecond(this.#now()),
    ) as SegmentRow;
  }

  update(uuid: string, { name, service_type, enabled, description, recovery_method }: SegmentFields): SegmentRow {
    return this.#one(
      `UPDATE segment SET name = ?, service_type = ?, enabled = ?, description = ?, recovery_method = ?, updated_at = ?
       WHERE uuid = ? RETURNING *`,
      ...[name, service_type, Number(enabled), description, recovery_method],
      formatWholeSecond(this.#now()),
      uuid,
    ) as SegmentRow;
  }

  /** Deletes softly, the segment's hosts too. */
  delete(uuid: string): void {
    const now = formatWholeSecond(this.#now());
    this.#database.prepare("UPDATE segment SET deleted_at = ? WHERE uuid = ?").run(now, uuid);
    this.#database
      .prepare("UPDATE host SET deleted_at = ? WHERE segment_uuid = ? AND deleted_at IS NULL")
      .run(now, uuid);
  }

  #one(sql: string, ...values: (string | number | null)[]): SegmentRow | undefined {
    return this.#database.prepare(sql).get(...values) as SegmentRow | undefined;
  }
}

/** A segment as the API shows it. */
export function showSegment(row: SegmentRow) {
  const { id, uuid, name, service_type, enabled, description, recovery_method } = row;
  return { id, uuid, name, service_type, enabled: enabled !== 0, description, recovery_method, ...stamps(row) };
}
