import {
  array,
  type InferOutput,
  looseObject,
  nullable,
  number,
  object,
  optional,
  picklist,
  record,
  string,
} from "valibot";

const entry = looseObject({
  id: string(),
  program: string(),
  state: string(),
  subject: string(),
  attempts: number(),
  reason: nullable(string()),
  notification_uuid: nullable(string()),
  created_at: string(),
  ended_at: nullable(string()),
  notification: looseObject({
    type: picklist(["COMPUTE_HOST", "VM", "PROCESS"]),
    hostname: string(),
    generated_time: string(),
    payload: record(string(), string()),
  }),
});

/** What a running monitor sends for `/outbox` and `/outbox/drop`: `EntryJson` of notify/. */
export const receivedEntries = object({ entries: optional(array(entry)), dropped: optional(array(entry)) });

export type ReceivedEntries = Readonly<InferOutput<typeof receivedEntries>>;
