import { printable } from "../system/printable.ts";

/**
 * Rows under their headings, in columns as wide as their content.
 * @param columns heading and what stands under it
 */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly (readonly [string, (row: Row) => unknown])[],
): string {
  const lines = [
    columns.map(([heading]) => heading),
    ...rows.map((row) => columns.map(([, cell]) => shown(cell(row)))),
  ];
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

/** One object, a line for each of its members. */
export function properties(object: object): string {
  const entries = Object.entries(object).map(([name, value]) => [onOneLine(name), value] as const);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${shown(value)}`.trimEnd().concat("\n")).join("");
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "-";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return onOneLine(text);
}

/** What somebody else has written must not be able to move the cursor of a terminal, nor begin a line of ours. */
export function onOneLine(text: string): string {
  return printable(text.replace(/\p{Cc}+/gu, " "));
}
