import type { Json } from "../formats/python-json.ts";

/**
 * How a column is shown: a number; text that needs no escapes in JSON; any text; JSON that is stored as Python writes it; or whether
 * there is a value. Each but the last may be null.
 */
type Kind = "number" | "plain" | "text" | "json" | "isSet";

/** One member of what the API shows of a row, in their order. */
export type Shape = readonly (readonly [name: string, column: string, kind: Kind])[];

/** Columns that every table of the API has, shown at the end. */
export const stampShape: Shape = [
  ["created_at", "created_at", "plain"],
  ["updated_at", "updated_at", "plain"],
  ["deleted_at", "deleted_at", "plain"],
  ["deleted", "deleted_at", "isSet"],
];

/** A row as the API shows it. */
export function showRow(shape: Shape, row: object): { readonly [name: string]: Json } {
  const cells = row as Readonly<Record<string, string | number | null>>;
  return Object.fromEntries(shape.map(([name, column, kind]) => [name, showCell(kind, cells[column] ?? null)]));
}

function showCell(kind: Kind, value: string | number | null): Json {
  if (kind === "isSet") return value !== null;
  return kind === "json" && value !== null ? (JSON.parse(String(value)) as Json) : value;
}

/**
 * An SQL expression for the same, as JSON in Python's spelling: SQLite writes a list in a fifth of the time that it takes to make an
 * object of each row. `python_json` is the database's own function (`openDatabase`).
 */
export function shapeSql(shape: Shape): string {
  const format = shape.map(([name]) => `"${name}": %s`).join(", ");
  return `printf('{${format}}', ${shape.map(([, column, kind]) => cellSql(kind, column)).join(", ")})`;
}

function cellSql(kind: Kind, column: string): string {
  switch (kind) {
    case "plain":
      return `iif(${column} IS NULL, 'null', '"' || ${column} || '"')`;
    case "text":
      return `iif(${column} IS NULL, 'null', python_json(${column}))`;
    case "isSet":
      return `iif(${column} IS NULL, 'false', 'true')`;
    default:
      return `coalesce(${column}, 'null')`;
  }
}
