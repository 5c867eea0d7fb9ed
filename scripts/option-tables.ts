// Writes the tables of docs/configuration.md from the typed tables: node scripts/option-tables.ts
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Option } from "../src/config/option.ts";
import { processKeys } from "../src/config/process-list/keys.ts";
import { defaultText, kindOf, remarks } from "../src/config/sample.ts";
import { sections } from "../src/config/sections.ts";

/** The document that holds the tables. */
export const configurationDocument = fileURLToPath(new URL("../docs/configuration.md", import.meta.url));

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
const code = (text: string): string => (text === "" ? "" : `\`${text.replaceAll("|", "\\|")}\``);

function optionRow(section: string, name: string, option: Option): string {
  const text = defaultText(option);
  const shown = text.length > 80 ? "see the sample" : code(text);
  const help = cell([option.help, ...remarks(section, option)].join(" "));
  return `| \`${name}\` | ${kindOf(option)} | ${shown} | ${help} |`;
}

function sectionTables(): string {
  const parts = Object.entries(sections).map(([section, table]) => {
    const rows = Object.entries(table.options).map(([name, option]) => optionRow(section, name, option));
    const head = `### \`[${section}]\`\n\n${table.help}\n\n| option | type | default | meaning |\n| --- | --- | --- | --- |`;
    return `${head}\n${rows.join("\n")}`;
  });
  return parts.join("\n\n");
}

function processKeyTable(): string {
  const rows = Object.entries(processKeys).map(
    ([name, { help, ours }]) =>
      `| \`${name}\` | ${cell(help)}${ours ? " The Python monitors do not have this key." : ""} |`,
  );
  return ["| key | meaning |", "| --- | --- |", ...rows].join("\n");
}

const tables: Readonly<Record<string, () => string>> = { options: sectionTables, "process list keys": processKeyTable };

/** The document with its tables regenerated; they stand between `<!-- begin NAME -->` and `<!-- end NAME -->`. */
export function withTables(markdown: string): string {
  return Object.entries(tables).reduce((text, [name, render]) => {
    const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from === -1 || to < from) throw new RangeError(`docs/configuration.md has no ${begin} … ${end}`);
    return `${text.slice(0, from + begin.length)}\n\n${render()}\n\n${text.slice(to)}`;
  }, markdown);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(configurationDocument, withTables(readFileSync(configurationDocument, "utf8")));
}
