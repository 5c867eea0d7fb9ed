import { type CommandContext, CommandError } from "../command-context.ts";
import type { OutputOptions } from "./format-options.ts";
import { formats } from "./formats.ts";
import type { View } from "./view.ts";

/** What is printed of a view: sorted, with the columns and in the format of the options. @throws CommandError */
export async function render(view: View, options: OutputOptions, context: CommandContext): Promise<string> {
  return await formats[options.format ?? "table"](
    chosenColumns(sorted(view, options, context), options),
    options,
    context,
  );
}

function sorted(view: View, { sortColumn = [], sortDescending }: OutputOptions, { err }: CommandContext): View {
  if (view.kind === "object") return view;
  const sign = sortDescending === true ? -1 : 1;
  let { rows } = view;
  // By the least important column first: sorting keeps the order of equals. Unknown columns are ignored, as cliff does.
  for (const column of [...sortColumn].reverse()) {
    const index = view.columns.indexOf(column);
    if (index < 0) continue;
    if (rows.some((row) => typeof row[index] === "object" && row[index] !== null)) {
      err(`Rows cannot be sorted by ${column}: its values have no order\n`);
      continue;
    }
    rows = rows.toSorted((one, other) => sign * compared(one[index], other[index]));
  }
  return { ...view, rows };
}

/** What has no value is last. */
function compared(one: unknown, other: unknown): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  if (typeof one === "string" && typeof other === "string") return one < other ? -1 : Number(one > other);
  return Number(one) - Number(other);
}

function chosenColumns(view: View, { column: wanted = [] }: OutputOptions): View {
  if (wanted.length === 0) return view;
  const names = new Set(wanted.map(normalised));
  const kept = view.columns.map((column) => names.has(normalised(column)));
  if (!kept.includes(true)) {
    throw new CommandError(`there is no column ${wanted.join(", ")}; there are ${view.columns.join(", ")}`);
  }
  const only = <T>(values: readonly T[]): T[] => values.filter((_, index) => kept[index]);
  const columns = only(view.columns);
  return view.kind === "list"
    ? { ...view, columns, rows: view.rows.map(only) }
    : { ...view, columns, values: only(view.values) };
}

const normalised = (column: string): string => column.toLowerCase().trim().replaceAll(" ", "_");
