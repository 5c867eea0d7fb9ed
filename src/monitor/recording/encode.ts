import { SubjectMap } from "../subject-map.ts";
import { SubjectOrder } from "../subject-order.ts";

/** What is recorded in place of a text that stands under this key; the text itself unless it may contain a secret. */
export type Redact = (key: string, text: string) => string;

/** What JSON has no form for is written as an object with this member. */
const TAG = "$";
const NUMBERS: Readonly<Record<string, number>> = {
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  NaN: Number.NaN,
};

/** JSON of which `decode` makes an equal value: `undefined`, infinite numbers, maps, sets and the states' own maps included. */
export function encode(value: unknown, redact?: Redact): string {
  return JSON.stringify(value, (key, member: unknown) => {
    if (typeof member === "string") return redact === undefined ? member : redact(key, member);
    return tagged(member);
  });
}

function tagged(value: unknown): unknown {
  if (value === undefined) return { [TAG]: "undefined" };
  if (typeof value === "number") return Number.isFinite(value) ? value : { [TAG]: String(value) };
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof SubjectMap) return { [TAG]: "subjects", of: [...value] };
  if (value instanceof SubjectOrder) return { [TAG]: "order", of: value.places() };
  if (value instanceof Map) return { [TAG]: "map", of: [...value] };
  if (value instanceof Set) return { [TAG]: "set", of: [...value] };
  // The names in it are somebody else's.
  if (Object.hasOwn(value, TAG)) return { [TAG]: "object", of: Object.entries(value) };
  return value;
}

/** @throws SyntaxError if the text is not one that `encode` has written */
export function decode(text: string): unknown {
  return revived(JSON.parse(text));
}

function revived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== "object" || value === null) return value;
  if (Object.hasOwn(value, TAG)) return untagged(value as { readonly [TAG]: unknown; readonly of?: unknown });
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, revived(member)]));
}

function untagged({ [TAG]: tag, of }: { readonly [TAG]: unknown; readonly of?: unknown }): unknown {
  if (tag === "undefined") return undefined;
  if (typeof tag === "string" && Object.hasOwn(NUMBERS, tag)) return NUMBERS[tag];
  const values = revived(of);
  if (!Array.isArray(values)) throw new SyntaxError("not a recorded value");
  if (tag === "set") return new Set(values);
  if (!values.every(isPair)) throw new SyntaxError("not a recorded map");
  if (tag === "map") return new Map(values);
  if (tag === "object") return Object.fromEntries(values);
  if (tag === "subjects") return new SubjectMap(values as [string, unknown][]);
  if (tag !== "order") throw new SyntaxError("not a recorded value");
  return (values as [string, number][]).reduce((order, [subject, at]) => order.with(subject, at), SubjectOrder.empty);
}

function isPair(value: unknown): value is [string, unknown] {
  return Array.isArray(value) && value.length === 2;
}
