import type { Help, HelpEntry } from "./help.ts";

export interface ManPageOptions {
  readonly section: 1 | 8;
  readonly version: string;
  /** ms since the Unix epoch. */
  readonly date: number;
  readonly files: readonly HelpEntry[];
  readonly seeAlso: readonly string[];
}

/** A page for man(7) of a command and all its subcommands. */
export function manPage(help: Help, options: ManPageOptions): string {
  const { section, version, date, files, seeAlso } = options;
  const day = new Date(date).toISOString().slice(0, 10);
  const [synopsis, ...lists] = [help.usage, ...body(help)];
  const blocks = [
    `.TH ${help.name.toUpperCase().replaceAll("-", "\\-")} ${section} ${day} "masakari-monitors ${version}"`,
    `.SH NAME\n${escaped(help.name)} \\- ${escaped(oneLine(help.description))}`,
    `.SH SYNOPSIS\n${escaped(synopsis)}`,
    `.SH DESCRIPTION\n${[help.description, ...help.notes].map(escaped).join("\n.PP\n")}`,
    ...lists,
    ...allCommands(help).map(commandSection),
    list(".SH FILES", files),
    `.SH EXIT STATUS\n0: done, or stopped by SIGTERM. 1: the configuration or the command cannot be used. 70: a defect.`,
    `.SH SEE ALSO\n${seeAlso.map(escaped).join(", ")}`,
  ];
  return `${blocks.filter((block) => block !== "").join("\n")}\n`;
}

const oneLine = (text: string): string => text.replace(/\.$/, "");

function body(help: Help): readonly string[] {
  return [list(".SH ARGUMENTS", help.arguments), list(".SH OPTIONS", help.options)];
}

/** The commands below it, each before its own. */
function allCommands(help: Help): readonly Help[] {
  return help.commands.flatMap((command) => [command, ...allCommands(command)]);
}

function commandSection(help: Help, at: number): string {
  const title = at === 0 ? ".SH COMMANDS\n" : "";
  const entries = [...help.arguments, ...help.options.filter(({ term }) => !term.startsWith("-h, "))];
  return [`${title}.SS ${escaped(help.usage)}`, escaped(help.description), ...entries.map(tagged)].join("\n");
}

function list(title: string, entries: readonly HelpEntry[]): string {
  return entries.length === 0 ? "" : [title, ...entries.map(tagged)].join("\n");
}

function tagged({ term, text }: HelpEntry): string {
  return `.TP\n.B ${escaped(term)}\n${escaped(text === "" ? "(no description)" : text)}`;
}

/** Text that groff shows as it is: a hyphen that can be pasted into a shell, no request, no escape. */
function escaped(text: string): string {
  const plain = text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("`", "\\(ga");
  return /^[.']/.test(plain) ? `\\&${plain}` : plain;
}
