import { printable } from "../../../system/printable.ts";
import type { CommandContext } from "../command-context.ts";
import { csv } from "./csv.ts";
import type { FormatName, OutputOptions } from "./format-options.ts";
import { indentedJson } from "./json.ts";
import { pythonText } from "./python-text.ts";
import { shellVariables } from "./shell-variables.ts";
import { drawTable } from "./table.ts";
import type { View } from "./view.ts";

/** Writes what a command came to, as text that ends with a newline. */
type Format = (view: View, options: OutputOptions, context: CommandContext) => string | Promise<string>;

/** By name; those of a list and those of one object are openstackclient's. */
export const formats: Readonly<Record<FormatName, Format>> = {
  csv: (view, options, context) => onTerminal(csv(view, options.quote), context),
  json: (view, { noindent }) => `${indentedJson(records(view), noindent === true)}\n`,
  shell: (view, options, context) => onTerminal(shellVariables(view, options), context),
  table: drawTable,
  value: (view, _, context) => onTerminal(values(view), context),
  yaml: async (view) => (await import("./yaml.ts")).yaml(view),
};

function records({ columns, ...view }: View): unknown {
  const record = (values: readonly unknown[]): object =>
    Object.fromEntries(columns.map((column, index) => [column, values[index]]));
  return view.kind === "list" ? view.rows.map(record) : record(view.values);
}

function values(view: View): string {
  const lines =
    view.kind === "list" ? view.rows.map((row) => row.map(pythonText).join(" ")) : view.values.map(pythonText);
  return lines.map((line) => `${line}\n`).join("");
}

/** A program gets the bytes as they are; a terminal gets none that could move its cursor. */
export function onTerminal(text: string, { terminal }: CommandContext): string {
  return terminal === undefined ? text : printable(text, "\n");
}
