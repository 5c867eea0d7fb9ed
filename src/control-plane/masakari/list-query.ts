import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { ApiFault } from "./fault.ts";
import { type Condition, planList } from "./list-plan.ts";
import { listLimit } from "./record.ts";
import { type Shape, shapeSql } from "./shape.ts";

/** A resource's list. */
export interface Listing {
  readonly table: "segment" | "host" | "notification" | "vmove";
  /** What it may be sorted by. */
  readonly columns: readonly string[];
  /** Query parameters that filter, and the condition for a value. @throws ApiFault 400 for a value that is none */
  readonly filters: Readonly<Record<string, (value: string) => Condition>>;
}

const always = ["id", "created_at", "updated_at", "deleted_at"];

/**
 * The undeleted rows that the query of a list asks for, as masakari-api filters, sorts and pages them: `limit`, `marker` (the
 * id of the last row seen), `sort_key` and `sort_dir` (both repeatable), newest first without them; unknown parameters are ignored.
 * @param scope a condition beside those of the query
 * @throws ApiFault 400 for what it cannot make sense of
 */
export function listRows<Row>(
  database: DatabaseSync,
  listing: Listing,
  query: URLSearchParams,
  scope: readonly Condition[] = [],
): Row[] {
  const { sql, values } = select(database, listing, query, scope);
  return database.prepare(`SELECT * ${sql}`).all(...values) as unknown as Row[];
}

/**
 * The same rows as the JSON document `{"MEMBER": [ROW, …]}`.
 * @throws ApiFault 400 for what it cannot make sense of
 */
export function listDocument(
  database: DatabaseSync,
  listing: Listing,
  query: URLSearchParams,
  { member, shape }: { readonly member: string; readonly shape: Shape },
): Buffer {
  const { sql, values } = select(database, listing, query, []);
  // Only the rows of the page are written, and in their order: the page is the outer loop of a cross join.
  const page = `SELECT id AS page_id ${sql}`;
  const rows = `SELECT ${shapeSql(shape)} AS row FROM (${page}) CROSS JOIN ${listing.table} ON id = page_id`;
  const document = `'{"${member}": [' || coalesce(group_concat(row, ', '), '') || ']}'`;
  const found = database.prepare(`SELECT CAST(${document} AS BLOB) AS document FROM (${rows})`).get(...values);
  const bytes = found?.document as Uint8Array<ArrayBuffer>;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function select(
  database: DatabaseSync,
  { table, columns, filters }: Listing,
  query: URLSearchParams,
  scope: readonly Condition[],
): { readonly sql: string; readonly values: readonly SQLInputValue[] } {
  // In masakari-api's order: what comes first is what it complains about.
  const limit = limitOf(query);
  const filtered = Object.entries(filters).flatMap(([name, condition]) => {
    const value = last(query, name);
    return value === null ? [] : [condition(value)];
  });
  // Then it does not look at the rest either.
  if (limit === 0) return { sql: `FROM ${table} LIMIT 0`, values: [] };
  const given = orderOf(query);
  const marker = last(query, "marker");
  const marked = marker === null ? undefined : markedRow(database, table, marker);
  requireSortable(given, [...always, "deleted", ...columns]);
  // No row of a list is deleted: all are equal in that.
  const order = given.filter(({ column }) => column !== "deleted");
  const after = marked === undefined ? [] : [afterRow(marked, order)];
  const { conditions, sorts } = planList(database, table, [...scope, ...filtered], order[0]?.column);
  const where = ["deleted_at IS NULL", ...conditions.map(({ sql }) => sql), ...after.map(({ sql }) => sql)];
  // The `+` keeps SQLite from using an index for the order.
  const sorted = order.map(({ column, direction }) => `${sorts ? "+" : ""}${column} ${direction}`);
  return {
    sql: `FROM ${table} WHERE ${where.join(" AND ")} ORDER BY ${sorted.join(", ")} LIMIT ?`,
    values: [...conditions.map(({ value }) => value), ...after.flatMap(({ values }) => values), limit],
  };
}

/** An exact filter on the column of that name. */
export const equals =
  (column: string) =>
  (value: string): Condition => ({ sql: `${column} = ?`, value });

/** The same, if there is an index of the column and, by default, `created_at` and `id`. */
export const equalsIndexed =
  (column: string, indexOrder = "created_at") =>
  (value: string): Condition => ({ sql: `${column} = ?`, value, indexOrder });

/** Of a parameter that is given more than once the last counts. */
function last(query: URLSearchParams, name: string): string | null {
  return query.getAll(name).at(-1) ?? null;
}

/** The most rows that a query asks for. @throws ApiFault 400 if it or the size of a page is no number */
export function limitOf(query: URLSearchParams): number {
  const limit = wholeNumber(query, "limit");
  // It is checked, and then ignored.
  wholeNumber(query, "page_size");
  return Math.min(limit ?? listLimit, listLimit);
}

/** As Python's `int()` reads it. */
function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = last(query, name);
  if (text === null) return undefined;
  if (!/^\s*[-+]?\d+(?:_\d+)*\s*$/.test(text)) {
    throw new ApiFault(400, `Invalid input received: ${name} must be an integer`);
  }
  const value = Number(text.replaceAll("_", ""));
  if (value < 0) throw new ApiFault(400, `Invalid input received: ${name} must be >= 0`);
  return value;
}

interface SortKey {
  readonly column: string;
  readonly direction: "asc" | "desc";
}

/** `created_at` and `id` come last; a key without a direction has that of the first. */
function orderOf(query: URLSearchParams): SortKey[] {
  const given = query.getAll("sort_key").map((key) => key.trim());
  const directions = query.getAll("sort_dir").map((direction) => direction.trim());
  for (const direction of directions) {
    if (direction !== "asc" && direction !== "desc") {
      throw new ApiFault(400, "Invalid input received: Unknown sort direction, must be 'asc' or 'desc'");
    }
  }
  const keys = [...given, ...["created_at", "id"].filter((tieBreaker) => !given.includes(tieBreaker))];
  // Two tie breakers do not make room for more directions than keys were given.
  if (directions.length > Math.max(1, given.length)) {
    throw new ApiFault(400, "Invalid input received: Sort direction size exceeds sort key size");
  }
  const first = (directions[0] ?? "desc") as SortKey["direction"];
  return keys.map((column, index) => ({ column, direction: (directions[index] as SortKey["direction"]) ?? first }));
}

function requireSortable(order: readonly SortKey[], sortable: readonly string[]): void {
  const unknown = order.find(({ column }) => !sortable.includes(column));
  if (unknown === undefined) return;
  throw new ApiFault(400, `InvalidSortKey('Sort key supplied is invalid: ${unknown.column}')`);
}

const neverNull = ["id", "created_at", "status", "type", "generated_time", "source_host_uuid", "name"];

type MarkedRow = Readonly<Record<string, SQLInputValue>>;

function markedRow(database: DatabaseSync, table: string, marker: string): MarkedRow {
  const id = /^\d{1,15}$/.test(marker) ? Number(marker) : -1;
  const row = database.prepare(`SELECT * FROM ${table} WHERE id = ? AND deleted_at IS NULL`).get(id);
  if (row === undefined) throw new ApiFault(400, `Marker ${marker} could not be found.`);
  return row;
}

/** Rows after this one in this order: behind it in the first column, or equal there and behind it in the next … */
function afterRow(row: MarkedRow, order: readonly SortKey[]) {
  // Without a time, an update is older than all.
  const cellOf = (column: string): SQLInputValue => row[column] ?? "";
  const [{ direction: first }] = order as [SortKey];
  if (order.every(({ column, direction }) => direction === first && neverNull.includes(column))) {
    // An index leads straight to this.
    const columns = order.map(({ column }) => column);
    const places = columns.map(() => "?").join(", ");
    return { sql: `(${columns.join(", ")}) ${first === "asc" ? ">" : "<"} (${places})`, values: columns.map(cellOf) };
  }
  const steps = order.map(({ column, direction }, index) => {
    const equal = order.slice(0, index).map((before) => `coalesce(${before.column}, '') = ?`);
    return [...equal, `coalesce(${column}, '') ${direction === "asc" ? ">" : "<"} ?`].join(" AND ");
  });
  const values = order.flatMap((_, index) => order.slice(0, index + 1).map(({ column }) => cellOf(column)));
  return { sql: `(${steps.map((step) => `(${step})`).join(" OR ")})`, values };
}
