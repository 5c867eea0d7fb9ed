/** A notification that the embedded masakari-api has just stored. */
export interface NotificationArrival {
  readonly notificationUuid: string;
  readonly type: string;
  readonly hostname: string;
  readonly sourceHostUuid: string;
  /** UTC, `YYYY-MM-DDTHH:MM:SS.ffffff`, as sent by the monitor. */
  readonly generatedTime: string;
  readonly payload: Readonly<Record<string, string>>;
  /** When the request's headers arrived, ms since the Unix epoch. */
  readonly arrivedAt: number;
}

/** A request whose response was sent. */
export interface CompletedRequest {
  readonly service: "keystone" | "masakari";
  readonly method: string;
  /** The address that it came from. */
  readonly peer: string;
  /** Path and query as sent. */
  readonly url: string;
  readonly status: number;
  /** When the request's headers arrived, ms since the Unix epoch. */
  readonly arrivedAt: number;
  /** From the headers' arrival to the response's last byte handed to the kernel, ms. */
  readonly durationMs: number;
}
