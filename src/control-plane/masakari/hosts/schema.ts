import type { Schema } from "../../formats/json-schema.ts";
import { boolean, description, hostType, name } from "../validation.ts";

const properties = {
  name,
  type: hostType,
  control_attributes: description,
  reserved: boolean,
  on_maintenance: boolean,
};

function wrapped(host: Schema): Schema {
  return { type: "object", properties: { host }, required: ["host"], additionalProperties: false };
}

export const createSchema: Schema = wrapped({
  type: "object",
  properties,
  additionalProperties: false,
  required: ["name", "type", "control_attributes"],
});

export const updateSchema: Schema = wrapped({
  type: "object",
  properties,
  additionalProperties: false,
  anyOfRequired: Object.keys(properties),
});
