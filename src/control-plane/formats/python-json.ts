/** What a JSON document can hold once parsed, or is to be written with. */
export type Json =
  | string
  | number
  | boolean
  | null
  | PythonFloat
  | SentNumber
  | readonly Json[]
  | { readonly [key: string]: Json };

/** A float: Python writes one with a fraction even if it is whole (`1.0`). Parsing never makes one. */
export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A number of a request as Python shows it: `5.0`, or more digits than JavaScript's numbers keep. */
export class SentNumber {
  /** Python's `repr()`. */
  readonly repr: string;

  constructor(repr: string) {
    this.repr = repr;
  }
}

/**
 * JSON as Python's `json.dumps` writes it (`", "` and `": "`, everything outside ASCII escaped), so that a response is
 * byte for byte what the real service would send and Content-Length agrees too.
 */
export function toPythonJson(value: Json): string {
  if (typeof value === "string") return quote(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (value instanceof SentNumber) return value.repr;
  if (value instanceof PythonFloat) {
    return Number.isInteger(value.value) ? value.value.toFixed(1) : JSON.stringify(value.value);
  }
  if (isArray(value)) return `[${value.map(toPythonJson).join(", ")}]`;
  // Not `Object.entries`: a list of 1,000 has tens of thousands of members, each of which would be a pair.
  const members = Object.keys(value).map((key) => `${quote(key)}: ${toPythonJson(value[key] as Json)}`);
  return `{${members.join(", ")}}`;
}

/** `Array.isArray` does not narrow a readonly array. */
function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Most texts need no escapes, and a list has thousands. */
function quote(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, escapeUnit);
}

function escapeUnit(unit: string): string {
  // DEL is ASCII to Python and stays as it is.
  return unit === "\u007f" ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
