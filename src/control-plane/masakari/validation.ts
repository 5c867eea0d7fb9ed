import { type Format, firstSchemaError, type Pattern, type Schema } from "../formats/json-schema.ts";
import type { Json } from "../formats/python-json.ts";
import { pythonStr } from "../formats/python-repr.ts";
import { parseIsoTime } from "../formats/time.ts";
import { isUuidLike } from "../formats/uuid.ts";
import { ApiFault } from "./fault.ts";

/**
 * Checks a request against a schema.
 * @throws ApiFault 400 in masakari-api's words
 */
export function validate(schema: Schema, value: Json): void {
  const error = firstSchemaError(schema, value);
  if (!error) return;
  const field = error.path.at(-1);
  if (error.standsAlone || field === undefined) throw new ApiFault(400, error.message);
  throw invalid(field, error.value, error.message);
}

/** The 400 for one member of a request. */
export function invalid(field: string | number, value: Json, why: string): ApiFault {
  return new ApiFault(400, `Invalid input for field/attribute ${field}. Value: ${pythonStr(value)}. ${why}`);
}

/** Python's `$` also matches before a final newline; so do these. */
function pattern(text: string, test: RegExp): Pattern {
  return { text, test };
}

/** Letters, marks, numbers, punctuation, symbols and spaces of the Basic Multilingual Plane: all that a name may hold. */
const printable = "(?:(?![\\p{C}\\p{Zl}\\p{Zp}])[\\u0000-\\ufffe])";

const nameFormat: Format = {
  name: "name",
  test: (value) => new RegExp(`^(?![\\p{C}\\p{Z}])${printable}*(?<![\\p{C}\\p{Z}])\\n?$`, "u").test(value),
  message:
    "An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace.",
};

export const name: Schema = { type: "string", minLength: 1, maxLength: 255, format: nameFormat };

/** The real service quotes a pattern of several thousand characters here; its meaning is shown instead. */
const descriptionPattern = pattern("^[\\n<printable characters>]*$", new RegExp(`^(?:\\n|${printable})*$`, "u"));

export const description: Schema = { type: ["string", "null"], minLength: 0, pattern: descriptionPattern };

export const hostType: Schema = {
  type: ["string", "null"],
  minLength: 0,
  maxLength: 255,
  pattern: pattern("^[a-zA-Z0-9]*$", /^[a-zA-Z0-9]*\n?$/),
};

const yes = [true, "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes"];
const no = [false, "False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no"];

export const boolean: Schema = { type: ["boolean", "string"], enum: [...yes, ...no] };

/** The truth of a value that `boolean` has let through. */
export function toBoolean(value: Json): boolean {
  return yes.includes(value as boolean | string);
}

export const hostname: Schema = {
  type: "string",
  minLength: 1,
  maxLength: 255,
  pattern: pattern("^[a-zA-Z0-9-._]*$", /^[a-zA-Z0-9\-._]*\n?$/),
};

export const dateTime: Schema = {
  type: "string",
  format: { name: "date-time", test: (value) => parseIsoTime(value) !== undefined },
};

export const payload: Schema = {
  type: "object",
  patternProperties: [
    {
      pattern: pattern("^[a-zA-Z0-9-_:. ]{1,255}$", /^[a-zA-Z0-9\-_:. ]{1,255}\n?$/),
      schema: { type: "string", maxLength: 255 },
    },
  ],
  additionalProperties: false,
};

export const uuid: Schema = { type: "string", format: { name: "uuid", test: isUuidLike } };
