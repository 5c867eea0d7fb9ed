import type { Loaded } from "./load.ts";
import type { Option, OptionValue } from "./option.ts";
import { describeOrigin, originOf } from "./origin.ts";
import { sections } from "./sections.ts";
import { fileText, plainText } from "./write-value.ts";

const MASK = "***";
/** A shorter secret would be found by chance in values that have nothing to do with it. */
const SHORTEST = 4;
// A user and password inside a URL.
const CREDENTIALS = /(\/\/)[^/@\s]*:[^/@\s]*@/g;

type Options = Readonly<Record<string, Option>>;
type Values = Readonly<Record<string, OptionValue>>;

/** Every secret that is set, because `$password` may have put one into another option's value. */
function secretsOf(loaded: Loaded): string[] {
  const found: string[] = [];
  for (const [section, table] of Object.entries(sections)) {
    const values = loaded.config[section as keyof typeof sections] as Values;
    for (const [name, option] of Object.entries(table.options as Options)) {
      const value = values[name];
      if (option.secret && typeof value === "string" && value.length >= SHORTEST) found.push(value);
    }
  }
  return found;
}

function shown(option: Option, value: OptionValue, secrets: readonly string[]): string {
  if (value === undefined) return "";
  if (option.secret) return MASK;
  const [first = "", ...more] = plainText(value).split("\n");
  // A line that goes on with a value is mostly another option that was indented by mistake, and may be the password.
  if (more.length > 0) return `${fileText(first)} ${MASK}`;
  if (typeof value !== "string") return fileText(value);
  const masked = secrets.reduce((text, secret) => text.replaceAll(secret, MASK), value);
  return fileText(masked.replace(CREDENTIALS, `$1${MASK}@`));
}

/**
 * Every option with its effective value and where that comes from, as text that is itself a configuration file.
 * Secrets are masked.
 */
export function renderEffective(loaded: Loaded): string {
  const secrets = secretsOf(loaded);
  const blocks: string[] = [];
  for (const [section, table] of Object.entries(sections)) {
    const values = loaded.config[section as keyof typeof sections] as Values;
    const lines = [`[${section}]`];
    for (const [name, option] of Object.entries(table.options as Options)) {
      const origin = originOf(loaded.origins, section, name);
      const effect = option.noEffect === undefined ? "" : "; no effect";
      lines.push(`# ${describeOrigin(origin)}${effect}`, `${name} = ${shown(option, values[name], secrets)}`.trimEnd());
    }
    blocks.push(lines.join("\n"));
  }
  return `${blocks.join("\n\n")}\n`;
}
