import { strip } from "./ini.ts";
import type { Option, OptionValue } from "./option.ts";

/** What became of one raw value; a reason reads as the end of "[section] option …". */
export type Converted = { readonly value: OptionValue } | { readonly reason: string };

const TRUE = new Set(["true", "1", "on", "yes"]);
const FALSE = new Set(["false", "0", "off", "no"]);
/** Characters: nothing longer is a number here, and the expressions below take quadratic time over one. */
const MAX_NUMBER_LENGTH = 100;
// Python's int() and float(), which allow single underscores between digits.
const INTEGER = /^[+-]?\d+(?:_\d+)*$/;
const DIGIT = /\p{Nd}/u;
const FLOAT = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i;

/** Characters of a value in a message. */
const MAX_QUOTED = 100;

/** A value in a message: its first line, because what goes on below it by mistake may be the password. */
function quote(raw: string): string {
  const [first = "", ...more] = raw.split("\n");
  const shown = JSON.stringify(first.length > MAX_QUOTED ? `${first.slice(0, MAX_QUOTED)}…` : first);
  return `${shown}${more.length > 0 ? " and its continuation lines" : ""}${commentHint(first)}`;
}

/** The warning about a value with a comment behind it; empty for one without. */
export function commentHint(value: string): string {
  return /\s(?:[#;]|\/\/)/.test(value) ? "; a comment needs a line of its own" : "";
}

function inRange(value: number, min: number | undefined, max: number | undefined): string | undefined {
  if (min !== undefined && value < min) return `must be at least ${min}, not ${value}`;
  if (max !== undefined && value > max) return `must be at most ${max}, not ${value}`;
  return undefined;
}

/** The text with the digits of every script as 0 to 9, as Python's int() reads them. */
function withAsciiDigits(text: string): string {
  return text.replaceAll(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    // Unicode has each script's ten digits in a row, the 0 first.
    let first = code;
    while (DIGIT.test(String.fromCodePoint(first - 1))) first -= 1;
    return String((code - first) % 10);
  });
}

function number(raw: string, whole: boolean, min: number | undefined, max: number | undefined): Converted {
  const text = strip(raw);
  const ascii = text.length > MAX_NUMBER_LENGTH ? "" : withAsciiDigits(text);
  if (!(whole ? INTEGER : FLOAT).test(ascii)) {
    return { reason: `must be ${whole ? "a whole number" : "a number"}, not ${quote(text)}` };
  }
  const value = Number(ascii.replaceAll("_", ""));
  const reason = Number.isSafeInteger(Math.trunc(value)) ? inRange(value, min, max) : "is too large a number";
  return reason === undefined ? { value } : { reason };
}

/** oslo.config's list: commas separate, blanks around an item and commas at the end do not count. */
function items(raw: string): string[] {
  const list = strip(raw).split(",");
  while (list.at(-1) === "") list.pop();
  return list.map(strip);
}

function ports(raw: string): Converted {
  const values: number[] = [];
  for (const item of items(raw)) {
    const converted = number(item, true, 0, 65_535);
    if ("reason" in converted) return { reason: `must be a list of ports: one ${converted.reason}` };
    values.push(converted.value as number);
  }
  return { value: values };
}

function choice(raw: string, choices: readonly string[], ignoreCase: boolean): Converted {
  const found = choices.find((one) => one === raw || (ignoreCase && one.toLowerCase() === raw.toLowerCase()));
  return found === undefined ? { reason: `must be one of ${choices.join(", ")}, not ${quote(raw)}` } : { value: found };
}

function boolean(raw: string): Converted {
  const text = raw.toLowerCase();
  if (TRUE.has(text)) return { value: true };
  if (FALSE.has(text)) return { value: false };
  return { reason: `must be true or false (also yes, no, on, off, 1, 0), not ${quote(raw)}` };
}

/**
 * Converts a substituted value as oslo.config does (oslo_config/types.py).
 * An empty number, and an empty string where there is no default, is the default: oslo.config makes None of it.
 */
export function convert(option: Option, raw: string): Converted {
  switch (option.type) {
    case "string":
      return { value: raw === "" && (option.default === undefined || option.emptyIsDefault) ? option.default : raw };
    case "int":
    case "float":
    case "port": {
      if (strip(raw) === "") return { value: option.default };
      const [min, max] = option.type === "port" ? [0, 65_535] : [option.min, option.max];
      return number(raw, option.type !== "float", min, max);
    }
    case "bool":
      return boolean(raw);
    case "choice":
      if (raw === "" && option.emptyIsDefault) return { value: option.default };
      if (option.orPath === true && raw.startsWith("/")) return { value: raw };
      return choice(raw, option.choices, option.ignoreCase === true);
    case "list":
      return { value: items(raw) };
    case "ports":
      return ports(raw);
    case "multi":
      return { value: [raw] };
  }
}
