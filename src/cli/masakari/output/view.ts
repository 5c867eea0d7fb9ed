/** Several objects, a row for each; values are JSON's. */
export interface ListView {
  readonly kind: "list";
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** One object. */
export interface ObjectView {
  readonly kind: "object";
  readonly columns: readonly string[];
  readonly values: readonly unknown[];
}

/** What a command came to, as openstackclient has it: the same columns and values, in the same order. */
export type View = ListView | ObjectView;

/** Name of a column, and which member of the API's object it shows where that has another name. */
export type Column = string | readonly [column: string, member: string];

const nameOf = (column: Column): string => (typeof column === "string" ? column : column[0]);

function memberOf(object: object, column: Column): unknown {
  const member = typeof column === "string" ? column : column[1];
  return (object as Readonly<Record<string, unknown>>)[member] ?? null;
}

export function listView(objects: readonly object[], columns: readonly Column[]): ListView {
  const rows = objects.map((object) => columns.map((column) => memberOf(object, column)));
  return { kind: "list", columns: columns.map(nameOf), rows };
}

export function objectView(object: object, columns: readonly Column[]): ObjectView {
  const values = columns.map((column) => memberOf(object, column));
  return { kind: "object", columns: columns.map(nameOf), values };
}
