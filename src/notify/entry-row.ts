import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { Entry, EntryState } from "./entry.ts";
import type { Notification } from "./notification.ts";

/** The entry as named parameters of SQL. */
export function entryToRow(entry: Entry): Record<string, SQLInputValue> {
  return {
    id: entry.id,
    subject: entry.subject,
    notification: JSON.stringify(entry.notification),
    state: entry.state,
    attempts: entry.attempts,
    reason: entry.reason ?? null,
    notification_uuid: entry.notificationUuid ?? null,
    created_wall: entry.created.wall,
    created_mono: entry.created.mono,
    boot_id: entry.bootId,
    ended_wall: entry.endedWall ?? null,
  };
}

/** The entry of a row; undefined if its notification is not JSON, which only a damaged file can hold. */
export function entryFromRow(row: Record<string, SQLOutputValue>): Entry | undefined {
  const notification = parseNotification(String(row.notification));
  if (notification === undefined) return undefined;
  return {
    id: String(row.id),
    subject: String(row.subject),
    notification,
    state: String(row.state) as EntryState,
    attempts: Number(row.attempts),
    reason: textOf(row.reason),
    notificationUuid: textOf(row.notification_uuid),
    created: { wall: Number(row.created_wall), mono: Number(row.created_mono) },
    bootId: String(row.boot_id),
    endedWall: row.ended_wall === null || row.ended_wall === undefined ? undefined : Number(row.ended_wall),
  };
}

function textOf(value: SQLOutputValue | undefined): string | undefined {
  return value === null || value === undefined ? undefined : String(value);
}

function parseNotification(json: string): Notification | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && "payload" in value ? (value as Notification) : undefined;
  } catch {
    return undefined;
  }
}
