import { firstSchemaError, type Schema } from "../formats/json-schema.ts";
import type { Json } from "../formats/python-json.ts";
import { KeystoneFault } from "./fault.ts";

/**
 * Checks a document.
 * @throws KeystoneFault 400 with Keystone's words, less the dump of the schema that it appends
 */
export function requireShape(schema: Schema, value: Json): void {
  const error = firstSchemaError(schema, value);
  if (!error) return;
  const where = error.path.length > 0 ? `Invalid input for field '${error.path.join("/")}': ` : "";
  throw new KeystoneFault(400, where + error.message);
}

const notBlank = { text: "[\\S]+", test: /\S/ };
const idPattern = { text: "^[a-zA-Z0-9-]+$", test: /^[a-zA-Z0-9-]+\n?$/ };

export const nameSchema: Schema = { type: "string", minLength: 1, maxLength: 255, pattern: notBlank };
export const idSchema: Schema = { type: "string", minLength: 1, maxLength: 64, pattern: idPattern };
export const idOrNull: Schema = { ...idSchema, type: ["string", "null"] };
export const text: Schema = { type: "string" };
export const textOrNull: Schema = { type: ["string", "null"] };
export const flag: Schema = { type: "boolean" };
export const flagOrNull: Schema = { type: ["boolean", "null"] };

/** A role as a request names it. */
export const roleReferences: Schema = {
  type: "array",
  items: { type: "object", properties: { id: idSchema, name: nameSchema }, additionalProperties: false },
};

/** A schema for changes: as the one for creating, but nothing is required. */
export function forUpdate({ required: _, ...schema }: Schema): Schema {
  return schema;
}
