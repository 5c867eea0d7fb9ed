import type { OutputOptions } from "./format-options.ts";
import { pythonText } from "./python-text.ts";
import type { View } from "./view.ts";

type Quote = NonNullable<OutputOptions["quote"]>;

/** Rows under their headings as Python's `csv.writer` writes them, with a backslash as its escape character. */
export function csv(view: View, quote: Quote = "nonnumeric"): string {
  const rows = view.kind === "list" ? view.rows : [view.values];
  return [view.columns, ...rows].map((row) => `${line(row, quote)}\n`).join("");
}

function line(row: readonly unknown[], quote: Quote): string {
  // A line with nothing on it would be no row.
  const alone = row.length === 1;
  return row.map((value) => field(value, quote, alone)).join(",");
}

function field(value: unknown, quote: Quote, alone: boolean): string {
  const text = value === null ? "" : pythonText(value);
  if (quote === "none") return text.replaceAll(/[,"\\\n]/g, String.raw`\$&`);
  const escaped = text.replaceAll("\\", String.raw`\\`).replaceAll('"', '""');
  const isNumber = typeof value === "number" || typeof value === "boolean";
  const isQuoted =
    quote === "all" || (quote === "nonnumeric" && !isNumber) || /[,"\n]/.test(text) || (alone && text === "");
  return isQuoted ? `"${escaped}"` : escaped;
}
