import type { DatabaseSync, SQLInputValue } from "node:sqlite";

/** A condition on the rows of a list, in SQL that begins with the column's name, and the value for its `?`. */
export interface Condition {
  readonly sql: string;
  readonly value: SQLInputValue;
  /** If an index leads to its rows, the column in whose order they come: `created_at`. */
  readonly indexOrder?: string;
}

/** So many rows are sorted in a few milliseconds. */
const few = 2000;

/** How the rows of a list are found. */
export interface ListPlan {
  readonly conditions: readonly Condition[];
  /** Whether they are sorted, instead of taken from an index of the list's order. */
  readonly sorts: boolean;
}

/**
 * Makes SQLite take the right index: without statistics of single values it would read and sort all rows of a status, even if nearly all
 * rows have it. A condition that leaves few rows leads to them, and they are sorted. Without one, the index of the list's order leads, and its rows
 * are filtered: that soon finds enough. A `+` keeps SQLite from using the index of a condition.
 * @param order the column that the list is sorted by first
 */
export function planList(
  database: DatabaseSync,
  table: string,
  conditions: readonly Condition[],
  order: string | undefined,
): ListPlan {
  const leader = conditions.find((condition) => leavesFew(database, table, condition));
  const planned = conditions.map((condition) => {
    const { indexOrder, sql, value } = condition;
    const mayLead = leader === undefined ? indexOrder === order : condition === leader;
    return indexOrder === undefined || mayLead ? condition : { sql: `+${sql}`, value };
  });
  return { conditions: planned, sorts: leader !== undefined && leader.indexOrder !== order };
}

function leavesFew(database: DatabaseSync, table: string, { sql, value, indexOrder }: Condition): boolean {
  if (indexOrder === undefined) return false;
  const some = `SELECT 1 FROM ${table} WHERE deleted_at IS NULL AND ${sql} LIMIT ${few + 1}`;
  const row = database.prepare(`SELECT count(*) AS found FROM (${some})`).get(value) as { readonly found: number };
  return row.found <= few;
}
