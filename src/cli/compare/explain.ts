import { generatedAt, oursAt, type Pair, type Received, type Shadowed, theirsAt } from "./pairs.ts";
import type { Recorded } from "./recorded.ts";

/** masakari-api takes an equal notification within this time for a repeat of the first. ms */
const REPEAT_MS = 180_000;
/** Two notifications about one subject so close together are about one event. ms */
const NEAR_MS = 180_000;

/** What the explanation of a difference may need. */
export interface Circumstances {
  readonly shadowed: readonly Shadowed[];
  readonly received: readonly Received[];
  /** Recorded ones that a monitor took back before they would have been sent, and why. */
  readonly withdrawn: readonly (Shadowed & { readonly reason: string | null })[];
  /** Of the notifications that a monitor of this host sent itself, because it was not in shadow mode: their UUIDs in Masakari. */
  readonly sent: ReadonlySet<string>;
  /** Hosts that are on maintenance now: Masakari refuses every notification about them. */
  readonly onMaintenance: ReadonlySet<string>;
  /** Since when shadow mode has recorded anything, by the monitor that reports this type of notification; ms since the epoch. */
  readonly since: ReadonlyMap<string, number>;
}

/** Why the two differ, or by how much, for an operator. Pure. */
export function explain({ shadowed, received }: Pair, circumstances: Circumstances, recorded?: Recorded): string {
  if (shadowed !== undefined && received !== undefined) return delay(oursAt(shadowed) - theirsAt(received));
  if (shadowed !== undefined) return whyNotReceived(shadowed, circumstances);
  return received === undefined ? "" : whyNotRecorded(received, circumstances, recorded);
}

function delay(laterMs: number): string {
  const seconds = (Math.abs(laterMs) / 1000).toFixed(1);
  if (seconds === "0.0") return "at the same time as the other monitor";
  return `${seconds} s ${laterMs < 0 ? "earlier" : "later"} than the other monitor`;
}

function whyNotReceived({ notification }: Shadowed, { received, onMaintenance }: Circumstances): string {
  const { type, hostname } = notification;
  if (onMaintenance.has(hostname)) return `${hostname} is on maintenance: Masakari refuses what is sent about it`;
  const at = generatedAt(notification.generated_time);
  const near = received.filter(
    (one) => one.stored.type === type && one.hostname === hostname && Math.abs(theirsAt(one) - at) <= NEAR_MS,
  );
  const repeated = near.find(({ payload }) => subjectOf(payload) === subjectOf(notification.payload));
  if (repeated !== undefined) {
    return isEqual(repeated.payload, notification.payload)
      ? `Masakari has one like it of ${repeated.stored.generated_time}, and refuses a repeat within ${REPEAT_MS / 1000} s`
      : `the other monitor reported ${JSON.stringify(repeated.payload)} at ${repeated.stored.generated_time}`;
  }
  return "Masakari has not received it: the other monitor did not notice it or did not get it delivered; see its log";
}

function whyNotRecorded(
  { stored, payload, hostname }: Received,
  { shadowed, withdrawn, sent, since }: Circumstances,
  recorded: Recorded | undefined,
): string {
  if (sent.has(stored.notification_uuid)) return "this monitor sent it itself: it was not in shadow mode then";
  const at = generatedAt(stored.generated_time);
  const isAbout = ({ notification }: Shadowed): boolean =>
    notification.type === stored.type &&
    notification.hostname === hostname &&
    subjectOf(notification.payload) === subjectOf(payload) &&
    Math.abs(generatedAt(notification.generated_time) - at) <= NEAR_MS;
  const taken = withdrawn.find(isAbout);
  if (taken !== undefined) return `this monitor took it back: ${taken.reason ?? "no reason was kept"}`;
  const other = shadowed.find(isAbout);
  if (other !== undefined) {
    const { payload: recorded, generated_time } = other.notification;
    return `this monitor recorded ${JSON.stringify(recorded)} at ${generated_time}`;
  }
  if (recorded?.ran === true && recorded.isKnown) {
    return "this monitor has made no notification of it so far: what it observed and decided is below";
  }
  if (recorded?.ran === true) return "this monitor ran then, and observed nothing about it";
  if (recorded?.ran === false) return "this monitor did not run then: its recording has nothing of that time";
  const begun = since.get(stored.type);
  if (begun === undefined) return "this monitor has recorded nothing yet: it did not run, or not in shadow mode";
  if (at < begun) return `it is older than what this monitor has recorded (since ${new Date(begun).toISOString()})`;
  const last = recorded?.lastBefore;
  const known =
    last === undefined ? "nothing is recorded of that time" : `its last record is of ${new Date(last).toISOString()}`;
  return `this monitor did not run then, or did not find it worth a notification: ${known}; see its log`;
}

/** The guest or the process; of a host's notification the host itself is the subject. */
export const subjectOf = ({ process_name, instance_uuid }: Readonly<Record<string, string>>): string =>
  process_name ?? instance_uuid ?? "";

function isEqual(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => one[name] === other[name]);
}
