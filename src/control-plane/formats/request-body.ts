import type { Json } from "./python-json.ts";

/** What came of reading a request's body. */
export type ParsedBody = { readonly kind: "json"; readonly value: Json } | { readonly kind: "malformed" };

/** Deeper nesting is taken as malformed: no real request has it, and error messages walk the value recursively. */
const maxDepth = 100;

/** Reads a JSON body. An empty one is `null`, as in masakari-api. Bytes that are not UTF-8 are malformed. */
export function parseBody(bytes: Buffer): ParsedBody {
  if (bytes.length === 0) return { kind: "json", value: null };
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)) as Json;
    return isDeeperThan(value, maxDepth) ? { kind: "malformed" } : { kind: "json", value };
  } catch {
    return { kind: "malformed" };
  }
}

function isDeeperThan(value: Json, limit: number): boolean {
  let level: Json[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((node) => (typeof node === "object" && node !== null ? Object.values(node) : []));
  }
  return false;
}
