import { type Json, SentNumber } from "./python-json.ts";

/** The JSON document with a SentNumber for every number; the document must have been parsed before. */
export function parseWithNumbers(text: string): Json {
  return JSON.parse(text, (_, value: Json, context: { readonly source?: string } = {}) =>
    typeof value === "number" ? new SentNumber(reprOf(context.source ?? String(value), value)) : value,
  ) as Json;
}

function reprOf(source: string, value: number): string {
  if (!/[.eE]/.test(source)) return source === "-0" ? "0" : source;
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits = "", exponent = ""] = value.toExponential().split("e");
    return `${digits}e${exponent.replace(/^([-+])(\d)$/, "$10$2")}`;
  }
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
