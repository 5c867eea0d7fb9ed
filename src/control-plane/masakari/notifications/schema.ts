import type { Schema } from "../../formats/json-schema.ts";
import { dateTime, hostname, payload, uuid } from "../validation.ts";

export type NotificationType = "COMPUTE_HOST" | "VM" | "PROCESS";

export const createSchema: Schema = {
  type: "object",
  properties: {
    notification: {
      type: "object",
      properties: {
        type: choice(["COMPUTE_HOST", "VM", "PROCESS"], { typeFirst: true }),
        hostname,
        generated_time: dateTime,
        payload,
      },
      required: ["type", "hostname", "generated_time", "payload"],
      additionalProperties: false,
    },
  },
  required: ["notification"],
  additionalProperties: false,
};

const event = choice(["STARTED", "STOPPED"]);
const shortText: Schema = { type: "string", minLength: 1, maxLength: 255 };

/** What the payload must hold, by notification type; checked after the policy. */
export const payloadSchemas: Readonly<Record<NotificationType, Schema>> = {
  COMPUTE_HOST: {
    type: "object",
    properties: {
      host_status: choice(["NORMAL", "UNKNOWN"]),
      cluster_status: choice(["ONLINE", "OFFLINE"]),
      event,
    },
    required: ["event"],
    additionalProperties: false,
  },
  PROCESS: {
    type: "object",
    // The generic payload rule has already cut process_name at 255.
    properties: { process_name: { type: "string", minLength: 1, maxLength: 4096 }, event },
    required: ["process_name", "event"],
    additionalProperties: false,
  },
  VM: {
    type: "object",
    properties: { instance_uuid: uuid, vir_domain_event: shortText, event: shortText },
    required: ["instance_uuid", "vir_domain_event", "event"],
    additionalProperties: false,
  },
};

/** One of a few words; masakari keeps these in tuples, and so its messages show them. */
function choice(words: readonly string[], { typeFirst = false } = {}): Schema {
  const among: Schema = { enum: words, enumText: `(${words.map((word) => `'${word}'`).join(", ")})` };
  return typeFirst ? { type: "string", ...among } : { ...among, type: "string" };
}
