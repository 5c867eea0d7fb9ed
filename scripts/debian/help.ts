import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** One option, argument or command, and what the help has about it. */
export interface HelpEntry {
  readonly term: string;
  readonly text: string;
}

/** What a command shows with `--help`, and its subcommands likewise. */
export interface Help {
  /** With the commands above it, e.g. `masakari-monitors outbox drop`. */
  readonly name: string;
  readonly usage: string;
  readonly description: string;
  readonly arguments: readonly HelpEntry[];
  readonly options: readonly HelpEntry[];
  readonly commands: readonly Help[];
  /** Paragraphs after the lists. */
  readonly notes: readonly string[];
}

/**
 * Reads the help of a built program and of all its subcommands: the same tables that the program itself has.
 * @throws if the program fails
 */
export function helpOf(program: string, path: readonly string[] = []): Help {
  const launch = fileURLToPath(new URL("../../bin/launch", import.meta.url));
  const env = { ...process.env, MASAKARI_MONITORS_RUN: "build" };
  const { status, stdout, stderr } = spawnSync("sh", [launch, program, ...path, "--help"], { encoding: "utf8", env });
  if (status !== 0) throw new Error(`${program} ${path.join(" ")} --help failed: ${stderr}`);
  const { sections, ...help } = parseHelp(stdout);
  const commands = (sections.get("Commands") ?? []).map(({ term }) => term.split(" ")[0] ?? "");
  return {
    ...help,
    name: [program, ...path].join(" "),
    arguments: sections.get("Arguments") ?? [],
    options: sections.get("Options") ?? [],
    commands: commands.filter((name) => name !== "help").map((name) => helpOf(program, [...path, name])),
  };
}

interface ParsedHelp extends Pick<Help, "usage" | "description" | "notes"> {
  readonly sections: ReadonlyMap<string, readonly HelpEntry[]>;
}

/** @param text as commander writes it: a usage line, a description, lists with their terms indented by two, notes */
export function parseHelp(text: string): ParsedHelp {
  const sections = new Map<string, HelpEntry[]>();
  const paragraphs: string[][] = [[]];
  let usage = "";
  let section: HelpEntry[] | undefined;
  for (const line of text.split("\n")) {
    const [, title] = /^(\w+):$/.exec(line) ?? [];
    const [, term, about = ""] = /^ {2}(\S.*?)(?: {2,}(.*))?$/.exec(line) ?? [];
    if (line.startsWith("Usage: ")) usage = line.slice("Usage: ".length);
    else if (title !== undefined) {
      section = [];
      sections.set(title, section);
    } else if (section && term !== undefined) section.push({ term, text: about });
    else if (section && line.startsWith(" ")) section.push(continued(section.pop(), line));
    else if (line === "") paragraphs.push([]);
    else paragraphs.at(-1)?.push(line);
  }
  const [description = "", ...notes] = paragraphs.filter((lines) => lines.length > 0).map((lines) => lines.join(" "));
  return { usage, description, sections, notes };
}

function continued(entry: HelpEntry | undefined, line: string): HelpEntry {
  return { term: entry?.term ?? "", text: `${entry?.text ?? ""} ${line.trim()}`.trim() };
}
