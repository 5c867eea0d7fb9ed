import { type Command, InvalidArgumentError, Option } from "commander";
import { listFormats, type OutputOptions, objectFormats } from "./format-options.ts";

/** openstackclient's options for what a command prints: of a list, or of one object. */
export function addOutputOptions(command: Command, kind: "list" | "object"): Command {
  command
    .addOption(
      new Option("-f, --format <FORMAT>", "how to print").choices(kind === "list" ? listFormats : objectFormats),
    )
    .option("-c, --column <COLUMN>", "only this column; may be repeated", gathered)
    .addOption(new Option("--noindent", "JSON on one line"))
    .option("--max-width <NUMBER>", "widest table, in characters; 0: no limit", whole)
    .option("--fit-width", "a table as wide as the terminal at most")
    .option("--print-empty", "print the headings also of an empty table");
  if (kind === "object") {
    return command
      .option("--prefix <TEXT>", "what the names of shell variables begin with")
      .addOption(new Option("--variable <NAME>").argParser(gathered).hideHelp());
  }
  return command
    .addOption(new Option("--quote <WHEN>", "what CSV quotes").choices(["all", "minimal", "none", "nonnumeric"]))
    .option("--sort-column <COLUMN>", "sort by this column; may be repeated", gathered)
    .addOption(new Option("--sort-ascending").conflicts("sortDescending"))
    .option("--sort-descending");
}

/** Whether the command line chooses how to print. */
export function choosesOutput(options: OutputOptions): boolean {
  const { format, column, sortColumn, maxWidth, fitWidth, printEmpty, noindent, quote, prefix } = options;
  return [format, column, sortColumn, maxWidth, fitWidth, printEmpty, noindent, quote, prefix].some(
    (value) => value !== undefined,
  );
}

export function gathered(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

export function whole(value: string): number {
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new InvalidArgumentError("a whole number is expected.");
}
