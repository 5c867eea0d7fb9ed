import type { Schema } from "../../formats/json-schema.ts";
import type { Microversion } from "../microversion.ts";
import { boolean, description, name } from "../validation.ts";

const recoveryMethod: Schema = {
  type: "string",
  enum: ["auto", "reserved_host", "auto_priority", "rh_priority"],
};

/** `enabled` came with 1.2. */
function properties({ minor }: Microversion) {
  const always = { name, description, recovery_method: recoveryMethod, service_type: name };
  return minor >= 2 ? { ...always, enabled: boolean } : always;
}

function wrapped(segment: Schema): Schema {
  return { type: "object", properties: { segment }, required: ["segment"], additionalProperties: false };
}

export function createSchema(version: Microversion): Schema {
  return wrapped({
    type: "object",
    properties: properties(version),
    additionalProperties: false,
    required: ["name", "recovery_method", "service_type"],
  });
}

export function updateSchema(version: Microversion): Schema {
  return wrapped({
    type: "object",
    properties: properties(version),
    additionalProperties: false,
    anyOfRequired: Object.keys(properties(version)),
  });
}
