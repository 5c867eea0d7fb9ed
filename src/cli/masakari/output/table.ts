import { printable } from "../../../system/printable.ts";
import type { CommandContext } from "../command-context.ts";
import type { OutputOptions } from "./format-options.ts";
import { prettyTable, type TableColumn } from "./pretty-table.ts";
import { pythonText } from "./python-text.ts";
import type { View } from "./view.ts";

/** openstackclient's table; on a terminal no wider than that, as newer releases of it (cliff 4.3) have it. */
export function drawTable(view: View, options: OutputOptions, context: CommandContext): string {
  const lineWidth = widthOf(options, context);
  if (view.kind === "object") {
    const rows = view.columns.map((column, index) => [column, cell(view.values[index])]);
    if (rows.length === 0) return "\n";
    const columns = ["Field", "Value"].map((heading): TableColumn => ({ heading, align: "left" }));
    return prettyTable(columns, rows, { lineWidth, narrowest: 16 });
  }
  const [first] = view.rows;
  if (first === undefined && options.printEmpty !== true) return "\n";
  const columns = view.columns.map((heading, index) => ({ heading, align: alignment(first?.[index]) }));
  const rows = view.rows.map((row) => row.map(cell));
  return prettyTable(columns, rows, { lineWidth, narrowest: 8 });
}

/** By the first row, as cliff has it. */
function alignment(value: unknown): TableColumn["align"] {
  if (value === undefined) return "centre";
  return typeof value === "number" ? "right" : "left";
}

function cell(value: unknown): string {
  return printable(pythonText(value).replaceAll("\r\n", "\n").replaceAll("\r", " "), "\n");
}

function widthOf({ maxWidth }: OutputOptions, { env, terminal }: CommandContext): number | undefined {
  const wanted = maxWidth ?? (/^\d{1,15}$/.test(env.CLIFF_MAX_TERM_WIDTH ?? "") ? Number(env.CLIFF_MAX_TERM_WIDTH) : 0);
  return wanted > 0 ? wanted : terminal?.columns;
}
