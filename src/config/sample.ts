import { comment } from "./comment.ts";
import type { Option } from "./option.ts";
import { sections } from "./sections.ts";
import { fileText } from "./write-value.ts";

const kinds: Readonly<Record<Option["type"], string>> = {
  string: "string",
  int: "whole number",
  float: "number",
  bool: "boolean",
  choice: "one of a choice",
  list: "comma-separated list",
  ports: "comma-separated list of ports",
  port: "port",
  multi: "string, repeatable",
};

/** What besides its help there is to know about an option, a line each. */
export function remarks(section: string, option: Option): string[] {
  const lines: string[] = [];
  if (option.type === "choice")
    lines.push(
      `Choices: ${option.choices.join(", ")}${option.ignoreCase ? " (in any case)" : ""}${option.orPath ? ", or an absolute path" : ""}.`,
    );
  if ("min" in option && option.min !== undefined) lines.push(`Minimum: ${option.min}.`);
  if ("max" in option && option.max !== undefined) lines.push(`Maximum: ${option.max}.`);
  for (const old of option.deprecated ?? []) lines.push(`Old name: [${old.section ?? section}] ${old.name}.`);
  if (option.ours) lines.push("The Python monitors do not have this option.");
  if (option.secret) lines.push("A secret: never shown or logged.");
  if (option.noEffect !== undefined) lines.push(`Accepted, but has no effect: ${option.noEffect}.`);
  return lines;
}

/** The type of an option's value, in words. */
export const kindOf = (option: Option): string => kinds[option.type];

/** The default as it would stand in a file. */
export function defaultText(option: Option): string {
  return option.sampleDefault ?? fileText(option.default);
}

function sampleOption(section: string, name: string, option: Option): string {
  const lines = [
    ...comment(`${option.help} (${kindOf(option)})`),
    ...remarks(section, option).flatMap(comment),
    `#${name} = ${defaultText(option)}`.trimEnd(),
  ];
  return lines.join("\n");
}

/**
 * The commented sample file: every option with its help and, behind a #, its default. With every # before an option taken
 * away it is a configuration of nothing but defaults.
 */
export function renderSample(): string {
  const parts: string[] = [];
  for (const [section, table] of Object.entries(sections)) {
    const options: [string, Option][] = Object.entries(table.options);
    // What has an effect comes first.
    options.sort(([, a], [, b]) => Number(a.noEffect !== undefined) - Number(b.noEffect !== undefined));
    parts.push([`[${section}]`, ...comment(table.help)].join("\n"));
    parts.push(...options.map(([name, option]) => sampleOption(section, name, option)));
  }
  return `${parts.join("\n\n")}\n`;
}
