// What masakari-api answers with, key by key as on the wire. Times are ISO 8601 UTC without a zone, six digits of fraction.

export type RecoveryMethod = "auto" | "reserved_host" | "auto_priority" | "rh_priority";

interface Stored {
  /** The integer that `marker` of a list takes. */
  readonly id: number;
  readonly created_at: string;
  readonly updated_at: string | null;
  readonly deleted_at: string | null;
  readonly deleted: boolean;
}

export interface Segment extends Stored {
  readonly uuid: string;
  readonly name: string;
  readonly service_type: string;
  readonly enabled: boolean;
  readonly description: string | null;
  readonly recovery_method: RecoveryMethod;
}

export interface SegmentBody {
  readonly name: string;
  readonly recovery_method: RecoveryMethod;
  readonly service_type: string;
  readonly description?: string | null | undefined;
  /** From microversion 1.2 on. */
  readonly enabled?: boolean | undefined;
}

export interface Host extends Stored {
  readonly uuid: string;
  readonly name: string;
  /** The segment's uuid. */
  readonly failover_segment_id: string;
  readonly failover_segment?: Segment;
  readonly type: string;
  readonly reserved: boolean;
  readonly control_attributes: string;
  readonly on_maintenance: boolean;
}

export interface HostBody {
  readonly name: string;
  readonly type: string;
  readonly control_attributes: string;
  readonly reserved?: boolean | undefined;
  readonly on_maintenance?: boolean | undefined;
}

export interface StoredNotification extends Stored {
  readonly notification_uuid: string;
  readonly generated_time: string;
  readonly source_host_uuid: string;
  readonly type: string;
  readonly payload: Readonly<Record<string, string>>;
  readonly status: string;
  /** Only when one is shown, from microversion 1.1 on. */
  readonly recovery_workflow_details?: readonly RecoveryStep[];
  readonly failover_segment_uuid?: string;
  readonly message?: string | null;
}

interface RecoveryStep {
  readonly name: string;
  /** 0 to 1. */
  readonly progress: number;
  readonly state: string;
  readonly progress_details: readonly {
    readonly timestamp: string;
    readonly progress: string;
    readonly message: string;
  }[];
}

/** `GET /v1`: the microversions that the API has. */
export interface ApiVersion {
  readonly id: string;
  readonly status: string;
  /** The highest microversion. */
  readonly version: string;
  readonly min_version: string;
}

/** The body of a new notification; `notify/notification.ts` has the rules. */
export interface NotificationBody {
  readonly type: string;
  readonly hostname: string;
  readonly generated_time: string;
  readonly payload: Readonly<Record<string, string>>;
}
