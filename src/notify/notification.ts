/** The three types of masakari-api; the payload's keys depend on it. */
export type NotificationType = "COMPUTE_HOST" | "VM" | "PROCESS";

/**
 * The body of `POST /v1/notifications`, byte for byte what the Python monitors send (member order is free).
 * `generated_time` is ISO 8601 UTC without a zone, and never changes once made: with type, host and payload it is the
 * key by which masakari-api recognises a repeat, so a retry can never become a second recovery.
 */
export interface Notification {
  readonly type: NotificationType;
  readonly hostname: string;
  readonly generated_time: string;
  readonly payload: Readonly<Record<string, string>>;
}

/** Whether the payload has all the values of one of these; without any given, it always has. */
export function isAmong(
  { payload }: Notification,
  which: readonly Readonly<Record<string, string>>[] | undefined,
): boolean {
  if (which === undefined) return true;
  return which.some((values) => Object.entries(values).every(([name, value]) => payload[name] === value));
}

/**
 * A wall-clock time as Python's `datetime.isoformat()` writes it: six digits of fraction, none when it is zero.
 * @param wall ms since the Unix epoch
 */
export function generatedTime(wall: number): string {
  const iso = new Date(wall).toISOString().slice(0, -1);
  return iso.endsWith(".000") ? iso.slice(0, -4) : `${iso}000`;
}
