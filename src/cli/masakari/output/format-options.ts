/** Formats of a list, and of one object: openstackclient's. */
export const listFormats = ["csv", "json", "table", "value", "yaml"] as const;
export const objectFormats = ["json", "shell", "table", "value", "yaml"] as const;
export type FormatName = (typeof listFormats)[number] | (typeof objectFormats)[number];

/** How to print, as commander reads it from the command line. */
export interface OutputOptions {
  readonly format?: FormatName;
  readonly column?: readonly string[];
  readonly sortColumn?: readonly string[];
  readonly sortAscending?: boolean;
  readonly sortDescending?: boolean;
  readonly maxWidth?: number;
  readonly fitWidth?: boolean;
  readonly printEmpty?: boolean;
  readonly noindent?: boolean;
  readonly quote?: "all" | "minimal" | "none" | "nonnumeric";
  readonly prefix?: string;
  readonly variable?: readonly string[];
}
