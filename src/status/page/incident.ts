import { describeNotification, type Entry } from "../../notify/entry.ts";
import type { Trail } from "../../notify/trails.ts";
import type { Incident } from "./overview.ts";

/** What Masakari has made of a notification, as far as it is known. */
export interface MasakariState {
  readonly status: string;
  /** When it changed last, by the API's clock. */
  readonly at: string | undefined;
  /** Why it is not known, or no longer. */
  readonly problem: string | undefined;
}

const OUTCOMES: Readonly<Record<Entry["state"], string>> = {
  pending: "waiting to be sent",
  delivered: "accepted",
  superseded: "not sent: no longer true",
  expired: "expired",
  rejected: "rejected",
  dropped: "dropped",
  shadowed: "shadowed",
};

/** The story of one notification. Pure. */
export function incidentOf(entry: Entry, trail: Trail, masakari: MasakariState | undefined): Incident {
  const { notification, state } = entry;
  const steps = [
    { what: "seen", at: trail.observed?.wall ?? Date.parse(`${notification.generated_time}Z`) },
    { what: "decided", at: entry.created.wall },
    { what: "sent", at: trail.firstAttempt?.wall },
    { what: OUTCOMES[state], at: state === "pending" ? undefined : entry.endedWall },
  ];
  return {
    id: entry.id,
    about: describeNotification(notification),
    outcome: OUTCOMES[state],
    reason: entry.reason ?? null,
    attempts: entry.attempts,
    notification_uuid: entry.notificationUuid ?? null,
    steps: steps.flatMap(({ what, at }) => (at === undefined || Number.isNaN(at) ? [] : [{ what, at: iso(at) }])),
    masakari:
      masakari === undefined
        ? null
        : { status: masakari.status, at: masakari.at ?? null, problem: masakari.problem ?? null },
  };
}

const iso = (wall: number): string => new Date(wall).toISOString();
