import { isRecord } from "../../../openstack/json.ts";

/** Deeper than anything that masakari-api has; beyond it a value is shown as `...`. */
const DEEPEST = 50;

/** A value of JSON as Python's `str` writes it: openstackclient's tables, CSV and plain values consist of that. */
export function pythonText(value: unknown): string {
  return typeof value === "string" ? value : representation(value, 0);
}

function representation(value: unknown, depth: number): string {
  if (depth > DEEPEST) return "...";
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map((one) => representation(one, depth + 1)).join(", ")}]`;
  if (!isRecord(value)) return String(value);
  const members = Object.entries(value).map(([key, member]) => `${quoted(key)}: ${representation(member, depth + 1)}`);
  return `{${members.join(", ")}}`;
}

const NAMED: Readonly<Record<string, string>> = { "\n": String.raw`\n`, "\r": String.raw`\r`, "\t": String.raw`\t` };

/** Single quotes, unless only the other kind needs no escape; what Python counts as not printable is escaped. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\p{C}\p{Z}\\'"]/gu, (one) => {
    if (one === " ") return one;
    if (one === "\\" || one === quote) return `\\${one}`;
    if (one === "'" || one === '"') return one;
    return NAMED[one] ?? codeEscape(one.codePointAt(0) ?? 0);
  });
  return `${quote}${escaped}${quote}`;
}

function codeEscape(code: number): string {
  const digits = code.toString(16);
  if (code <= 0xff) return `\\x${digits.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}
