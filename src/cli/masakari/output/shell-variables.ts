import type { OutputOptions } from "./format-options.ts";
import { pythonText } from "./python-text.ts";
import type { View } from "./view.ts";

/**
 * `name="value"`, a line for each column. Unlike openstackclient's, a value can be no command: `$`, backquotes and backslashes
 * are escaped too, since these lines are made for `eval`.
 */
export function shellVariables(view: View, { prefix = "", variable = [] }: OutputOptions): string {
  const values = view.kind === "object" ? view.values : [];
  return view.columns
    .map((column, index) => ({ name: column.toLowerCase().replaceAll(" ", "_"), value: values[index] }))
    .filter(({ name }) => variable.length === 0 || variable.includes(name))
    .map(({ name, value }) => `${prefix}${name.replaceAll(/[:-]/g, "_")}="${quotable(pythonText(value))}"\n`)
    .join("");
}

const quotable = (text: string): string => text.replaceAll(/[\\"$`]/g, String.raw`\$&`);
