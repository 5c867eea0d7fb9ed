import { type Json, SentNumber } from "./python-json.ts";
import { pythonRepr } from "./python-repr.ts";

/** The part of JSON Schema (draft 4) that masakari-api and Keystone use. The order of the members is the order of the checks. */
export interface Schema {
  readonly type?: TypeName | readonly TypeName[];
  readonly enum?: readonly Json[];
  /** How the real service writes the choices in its message; a Python tuple reads `('A', 'B')`. */
  readonly enumText?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: Pattern;
  readonly format?: Format;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: readonly { readonly pattern: Pattern; readonly schema: Schema }[];
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  /** At least one of these members must be there. */
  readonly anyOfRequired?: readonly string[];
}

type TypeName = "object" | "string" | "null" | "boolean" | "array" | "integer";

/** A regular expression and the text by which the real service names it. */
export interface Pattern {
  readonly test: RegExp;
  readonly text: string;
}

/** A named check on strings. `message` replaces the usual "'x' is not a 'name'", without the path in front of it. */
export interface Format {
  readonly name: string;
  readonly test: (value: string) => boolean;
  readonly message?: string;
}

/** The first thing wrong with a document. */
export interface SchemaError {
  /** Members and indexes that lead to the bad value; empty for the document itself. */
  readonly path: readonly (string | number)[];
  readonly value: Json;
  /** python-jsonschema's message. */
  readonly message: string;
  /** The message stands for itself: it is shown without path and value. */
  readonly standsAlone: boolean;
}

interface Finding {
  readonly path: (string | number)[];
  readonly value: Json;
  readonly message: string;
  readonly standsAlone?: boolean;
}

/**
 * Checks `value` the way python-jsonschema 4.10 iterates: keyword by keyword in the order the schema is written,
 * stopping at the first error. The order matters, since the real services report only one.
 */
export function firstSchemaError(schema: Schema, value: Json): SchemaError | undefined {
  const found = check(schema, value);
  return found && { ...found, standsAlone: found.standsAlone ?? false };
}

function check(schema: Schema, value: Json): Finding | undefined {
  for (const keyword of Object.keys(schema)) {
    const found = keywords[keyword as keyof Schema]?.(schema, value);
    if (found) return found;
  }
  return undefined;
}

type Check = (schema: Schema, value: Json) => Finding | undefined;

const keywords: Partial<Record<keyof Schema, Check>> = {
  type: ({ type }, value) => {
    const names = type === undefined ? [] : typeof type === "string" ? [type] : type;
    if (names.some((name) => isOfType(name, value))) return undefined;
    return fail(value, `${pythonRepr(value)} is not of type ${names.map(pythonRepr).join(", ")}`);
  },
  enum: (schema, value) => {
    const choices = schema.enum ?? [];
    if (choices.includes(value)) return undefined;
    return fail(value, `${pythonRepr(value)} is not one of ${schema.enumText ?? pythonRepr(choices)}`);
  },
  minimum: ({ minimum = 0 }, value) =>
    typeof value === "number" && value < minimum
      ? fail(value, `${pythonRepr(value)} is less than the minimum of ${minimum}`)
      : undefined,
  maximum: ({ maximum = 0 }, value) =>
    typeof value === "number" && value > maximum
      ? fail(value, `${pythonRepr(value)} is greater than the maximum of ${maximum}`)
      : undefined,
  minLength: ({ minLength = 0 }, value) =>
    typeof value === "string" && characters(value) < minLength
      ? fail(value, `${pythonRepr(value)} is too short`)
      : undefined,
  maxLength: ({ maxLength = 0 }, value) =>
    typeof value === "string" && characters(value) > maxLength
      ? fail(value, `${pythonRepr(value)} is too long`)
      : undefined,
  pattern: ({ pattern }, value) =>
    pattern && typeof value === "string" && !pattern.test.test(value)
      ? fail(value, `${pythonRepr(value)} does not match ${pythonRepr(pattern.text)}`)
      : undefined,
  format: ({ format }, value) => {
    if (!format || typeof value !== "string" || format.test(value)) return undefined;
    if (format.message !== undefined) return { path: [], value, message: format.message, standsAlone: true };
    return fail(value, `${pythonRepr(value)} is not a ${pythonRepr(format.name)}`);
  },
  items: ({ items }, value) => {
    if (!items || !Array.isArray(value)) return undefined;
    return firstBelow(value.entries(), (member) => check(items, member));
  },
  properties: ({ properties = {} }, value) => {
    if (!isObject(value)) return undefined;
    const present = Object.keys(properties).filter((name) => Object.hasOwn(value, name));
    return firstBelow(
      present.map((name) => [name, value[name] as Json] as const),
      (member, name) => check(properties[name] as Schema, member),
    );
  },
  patternProperties: ({ patternProperties = [] }, value) => {
    if (!isObject(value)) return undefined;
    for (const { pattern, schema } of patternProperties) {
      const matching = Object.entries(value).filter(([name]) => pattern.test.test(name));
      const found = firstBelow(matching, (member) => check(schema, member));
      if (found) return found;
    }
    return undefined;
  },
  required: ({ required = [] }, value) => {
    if (!isObject(value)) return undefined;
    const missing = required.find((name) => !Object.hasOwn(value, name));
    return missing === undefined ? undefined : fail(value, `${pythonRepr(missing)} is a required property`);
  },
  additionalProperties: ({ properties = {}, patternProperties }, value) => {
    if (!isObject(value)) return undefined;
    const known = (name: string) =>
      Object.hasOwn(properties, name) || patternProperties?.some(({ pattern }) => pattern.test.test(name));
    const extras = Object.keys(value)
      .filter((name) => !known(name))
      .sort((one, other) => (one < other ? -1 : 1));
    if (extras.length === 0) return undefined;
    const names = extras.map(pythonRepr).join(", ");
    if (patternProperties) {
      const patterns = patternProperties.map(({ pattern }) => pythonRepr(pattern.text)).join(", ");
      return fail(value, `${names} ${extras.length === 1 ? "does" : "do"} not match any of the regexes: ${patterns}`);
    }
    const verb = extras.length === 1 ? "was" : "were";
    return fail(value, `Additional properties are not allowed (${names} ${verb} unexpected)`);
  },
  anyOfRequired: ({ anyOfRequired = [] }, value) =>
    isObject(value) && !anyOfRequired.some((name) => Object.hasOwn(value, name))
      ? fail(value, `${pythonRepr(value)} is not valid under any of the given schemas`)
      : undefined,
};

function fail(value: Json, message: string): Finding {
  return { path: [], value, message };
}

function firstBelow<Key extends string | number>(
  members: Iterable<readonly [Key, Json]>,
  checkMember: (member: Json, key: Key) => Finding | undefined,
): Finding | undefined {
  for (const [key, member] of members) {
    const found = checkMember(member, key);
    if (found) return { ...found, path: [key, ...found.path] };
  }
  return undefined;
}

function isOfType(type: TypeName, value: Json): boolean {
  switch (type) {
    case "object":
      return isObject(value);
    case "array":
      return Array.isArray(value);
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value);
    default:
      // The remaining names are typeof's own.
      return typeof value === type;
  }
}

/** Whether a JSON value is an object (and not an array or null). */
export function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof SentNumber);
}

/** Length as Python counts it: code points, not UTF-16 units. */
function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
