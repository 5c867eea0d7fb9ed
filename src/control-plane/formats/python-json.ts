/** What a JSON document can hold once parsed, or is to be written with. */
export type Json = string | number | boolean | null | PythonFloat | readonly Json[] | { readonly [key: string]: Json };

/** A float: Python writes one with a fraction even if it is whole (`1.0`). Parsing never makes one. */
export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/**
 * JSON as Python's `json.dumps` writes it (`", "` and `": "`, everything outside ASCII escaped), so that a response is
 * byte for byte what the real service would send and Content-Length agrees too.
 */
export function toPythonJson(value: Json): string {
  if (value instanceof PythonFloat) {
    return Number.isInteger(value.value) ? value.value.toFixed(1) : JSON.stringify(value.value);
  }
  if (Array.isArray(value)) return `[${value.map(toPythonJson).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([key, member]) => `${toPythonJson(key)}: ${toPythonJson(member)}`);
    return `{${members.join(", ")}}`;
  }
  if (typeof value === "string") return JSON.stringify(value).replace(/[\u007f-\uffff]/g, escapeUnit);
  return JSON.stringify(value);
}

function escapeUnit(unit: string): string {
  // DEL is ASCII to Python and stays as it is.
  return unit === "\u007f" ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
