import type { Entry } from "./entry.ts";

/** An entry as `masakari-monitors outbox --json` shows it: snake_case as everywhere in OpenStack, times in ISO 8601. */
export interface EntryJson {
  readonly id: string;
  readonly program: string;
  readonly state: string;
  readonly subject: string;
  readonly attempts: number;
  readonly reason: string | null;
  readonly notification_uuid: string | null;
  readonly created_at: string;
  readonly ended_at: string | null;
  readonly notification: Entry["notification"];
}

export function entryToJson(program: string, entry: Entry): EntryJson {
  return {
    id: entry.id,
    program,
    state: entry.state,
    subject: entry.subject,
    attempts: entry.attempts,
    reason: entry.reason ?? null,
    notification_uuid: entry.notificationUuid ?? null,
    created_at: new Date(entry.created.wall).toISOString(),
    ended_at: entry.endedWall === undefined ? null : new Date(entry.endedWall).toISOString(),
    notification: entry.notification,
  };
}
