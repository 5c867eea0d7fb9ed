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

/** The entry of a row; undefined if it makes no sense, which only a damaged file or another release's can hold. */
export function entryFromRow(row: Record<string, SQLOutputValue>): Entry | undefined {
  const notification = parseNotification(String(row.notification));
  const created = { wall: Number(row.created_wall), mono: Number(row.created_mono) };
  const { id, subject } = row;
  if (typeof id !== "string" || typeof subject !== "string" || notification === undefined) return undefined;
  if (!Number.isFinite(created.wall) || !Number.isFinite(created.mono)) return undefined;
  return {
    id,
    subject,
    notification,
    state: String(row.state) as EntryState,
    attempts: Number(row.attempts),
    reason: textOf(row.reason),
    notificationUuid: textOf(row.notification_uuid),
    created,
    bootId: String(row.boot_id),
    endedWall: row.ended_wall === null || row.ended_wall === undefined ? undefined : Number(row.ended_wall),
  };
}

function textOf(value: SQLOutputValue | undefined): string | undefined {
  return value === null || value === undefined ? undefined : String(value);
}

function parseNotification(json: string): Notification | undefined {
  try {
    const value = JSON.parse(json) as Partial<Notification> | null;
    const texts = [value?.type, value?.hostname, value?.generated_time];
    const whole = texts.every((text) => typeof text === "string") && typeof value?.payload === "object";
    return whole && value.payload !== null ? (value as Notification) : undefined;
  } catch {
    return undefined;
  }
}
