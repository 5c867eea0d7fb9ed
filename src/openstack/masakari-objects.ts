// What masakari-api takes and responds with, member by member. Times are ISO 8601 UTC without a zone, six digits of fraction.

import { boolean, type InferOutput, nullish, number, object, optional, record, string, unknown } from "valibot";

export type RecoveryMethod = "auto" | "reserved_host" | "auto_priority" | "rh_priority";

/**
 * What masakari-api stores, as its responses are checked: a member that the program reads has to be there and of its type. What the
 * API gives beyond that stays as it is.
 */
const stored = {
  /** The integer that `marker` of a list takes. */
  id: number(),
  created_at: nullish(string()),
  updated_at: nullish(string()),
  deleted_at: nullish(string()),
  deleted: optional(boolean()),
};

export const segmentSchema = object({
  ...stored,
  uuid: string(),
  name: string(),
  service_type: string(),
  /** From microversion 1.2 on; as part of a host whatever the microversion. Like a host's booleans it may be NULL. */
  enabled: nullish(boolean()),
  description: nullish(string()),
  recovery_method: string(),
});
export type Segment = Readonly<InferOutput<typeof segmentSchema>>;

export interface SegmentBody {
  readonly name: string;
  readonly recovery_method: RecoveryMethod;
  readonly service_type: string;
  readonly description?: string | null | undefined;
  /** From microversion 1.2 on. */
  readonly enabled?: boolean | undefined;
}

export const hostSchema = object({
  ...stored,
  uuid: string(),
  name: string(),
  /** The segment's uuid. */
  failover_segment_id: optional(string()),
  failover_segment: optional(segmentSchema),
  type: string(),
  /** masakari-api's columns of the two booleans may hold NULL, which is no. */
  reserved: nullish(boolean()),
  control_attributes: string(),
  on_maintenance: nullish(boolean()),
});
export type Host = Readonly<InferOutput<typeof hostSchema>>;

export interface HostBody {
  readonly name: string;
  readonly type: string;
  readonly control_attributes: string;
  readonly reserved?: boolean | undefined;
  readonly on_maintenance?: boolean | undefined;
}

export const notificationSchema = object({
  ...stored,
  notification_uuid: string(),
  generated_time: string(),
  source_host_uuid: string(),
  type: string(),
  /** masakari-api accepts nothing but strings in it; whatever else is stored must not make the others of a list unreadable. */
  payload: record(string(), unknown()),
  status: string(),
  failover_segment_uuid: optional(string()),
  message: nullish(string()),
});
/** From microversion 1.1 on, one that is shown has `recovery_workflow_details` too. */
export type StoredNotification = Readonly<InferOutput<typeof notificationSchema>>;

/** Of a notification that was just created only its uuid is needed: whatever else is strange, Masakari has it. */
export const acceptedSchema = object({ notification_uuid: string() });
export type AcceptedNotification = Readonly<InferOutput<typeof acceptedSchema>> & Partial<StoredNotification>;

/** One guest's way off a host that failed: masakari-api 15 (2023.1) and later. */
export const vmoveSchema = object({
  ...stored,
  uuid: string(),
  instance_uuid: string(),
  instance_name: nullish(string()),
  source_host: nullish(string()),
  dest_host: nullish(string()),
  start_time: nullish(string()),
  end_time: nullish(string()),
  type: nullish(string()),
  status: nullish(string()),
  message: nullish(string()),
});
export type Vmove = Readonly<InferOutput<typeof vmoveSchema>>;

/** `GET /v1`: the microversions that the API has. */
export const versionSchema = object({
  id: string(),
  status: optional(string()),
  /** The highest microversion. */
  version: optional(string()),
  min_version: optional(string()),
});
export type ApiVersion = Readonly<InferOutput<typeof versionSchema>>;

/** The body of a new notification; `notify/notification.ts` has the rules. */
export interface NotificationBody {
  readonly type: string;
  readonly hostname: string;
  readonly generated_time: string;
  readonly payload: Readonly<Record<string, string>>;
}
