import { type Json, SentNumber } from "./python-json.ts";

/**
 * Python's `repr()` of a JSON value: masakari-api quotes the offending value that way in its 400 messages.
 * A float with a whole value (`5.0`) is shown as an integer unless it is a SentNumber: JavaScript's parser does not keep the difference.
 */
export function pythonRepr(value: Json): string {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return String(value);
  if (value instanceof SentNumber) return value.repr;
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([key, member]) => `${quote(key)}: ${pythonRepr(member)}`)
    .join(", ")}}`;
}

/** Python's `str()`: a string as it is, everything else as its `repr()`. */
export function pythonStr(value: Json): string {
  return typeof value === "string" ? value : pythonRepr(value);
}

const named: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = mark;
  for (const char of text) {
    if (char === mark) out += `\\${char}`;
    else out += named[char] ?? (isPrintable(char) ? char : hexEscape(char));
  }
  return out + mark;
}

function isPrintable(char: string): boolean {
  return char === " " || !/[\p{C}\p{Z}]/u.test(char);
}

function hexEscape(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}
