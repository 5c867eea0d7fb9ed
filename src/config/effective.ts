import type { Loaded } from "./load.ts";
import type { Option, OptionValue } from "./option.ts";
import { describeOrigin, originOf } from "./origin.ts";
import { sections } from "./sections.ts";
import { fileText, guard, plainText } from "./write-value.ts";

const MASK = "***";
// The password in a URL, up to the last @ before the path.
const CREDENTIALS = /^([a-z][a-z0-9+.-]*:\/\/[^/?#@:\s]*):[^/?#\s]*@/i;

type Options = Readonly<Record<string, Option>>;
type Values = Readonly<Record<string, OptionValue>>;

/** @param masked what may be shown in the value's place, if a reference to a secret is in it */
function shown(option: Option, value: OptionValue, masked: string | undefined): string {
  if (value === undefined) return "";
  if (option.secret) return MASK;
  if (masked !== undefined) return guard(masked.split("\n", 1)[0] ?? "");
  const [first = "", ...more] = plainText(value).split("\n");
  const text = fileText(first.replace(CREDENTIALS, `$1:${MASK}@`));
  // A line that goes on with a value is mostly another option that was indented by mistake, and may be the password.
  return more.length > 0 ? `${text} ${MASK}` : text;
}

/** The lines that set the option: one for each of several values, and a comment for none at all. */
function assignments(name: string, option: Option, value: OptionValue, masked: string | undefined): string[] {
  if (option.type !== "multi" || masked !== undefined) return [`${name} = ${shown(option, value, masked)}`.trimEnd()];
  const values = value as readonly string[];
  return values.length === 0 ? [`#${name} =`] : values.map((one) => `${name} = ${shown(option, one, undefined)}`);
}

/**
 * Every option with its effective value and where that comes from, as text that is itself a configuration file.
 * Secret options are masked; where a reference brought a secret into another one, the reference is shown.
 */
export function renderEffective(loaded: Loaded): string {
  const blocks: string[] = [];
  for (const [section, table] of Object.entries(sections)) {
    const values = loaded.config[section as keyof typeof sections] as Values;
    const lines = [`[${section}]`];
    for (const [name, option] of Object.entries(table.options as Options)) {
      const origin = originOf(loaded.origins, section, name);
      const effect = option.noEffect === undefined ? "" : "; no effect";
      lines.push(`# ${describeOrigin(origin)}${effect}`);
      lines.push(...assignments(name, option, values[name], loaded.shown.get(`${section}.${name}`)));
    }
    blocks.push(lines.join("\n"));
  }
  return `${blocks.join("\n\n")}\n`;
}
