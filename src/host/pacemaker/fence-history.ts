import type { XmlElement } from "@rgrove/parse-xml";
import type { FencingEvent } from "../driver.ts";

/** Of each host: a BMC that fails adds one every few seconds, and the success that counts may be older than all of these. */
const SUCCESSES_KEPT = 10;
const OTHERS_KEPT = 5;

/** @param elements `<fence_event>`, newest first */
export function fencingEvents(elements: readonly XmlElement[]): readonly FencingEvent[] {
  const kept = new Map<string, number>();
  return elements.map(fencingEvent).filter(({ target, status }) => {
    const isSuccess = status === "success";
    const key = `${isSuccess} ${target}`;
    const count = kept.get(key) ?? 0;
    kept.set(key, count + 1);
    return count < (isSuccess ? SUCCESSES_KEPT : OTHERS_KEPT);
  });
}

/** What is absent or of a kind that is not known is "unknown" or "other": it proves nothing. */
function fencingEvent({ attributes }: XmlElement): FencingEvent {
  const { target = "", client = "", origin = "", delegate, completed } = attributes;
  // `state` before 2.0.3.
  const status = attributes.status ?? attributes.state;
  const completedAt = completed === undefined ? undefined : parseCompleted(completed);
  return {
    id: [target, attributes.action, client, origin, completed ?? status].join(" ").slice(0, 300),
    target,
    action: actionOf(attributes.action),
    status: statusOf(status),
    ...(completedAt === undefined ? {} : { completedAt }),
    ...(delegate === undefined ? {} : { delegate: delegate.slice(0, 255) }),
    byHand: delegate === "a human",
    requestedBy: requesterOf(client),
  };
}

function actionOf(action: string | undefined): FencingEvent["action"] {
  if (action === "poweroff") return "off";
  return action === "off" || action === "reboot" || action === "on" ? action : "other";
}

function statusOf(status: string | undefined): FencingEvent["status"] {
  return status === "pending" || status === "success" || status === "failed" ? status : "unknown";
}

/** `NAME.PID` of the program that asked the fencer. */
function requesterOf(client: string): FencingEvent["requestedBy"] {
  if (/^(pacemaker-controld|crmd)\./.test(client)) return "cluster";
  return client.startsWith("stonith_admin.") ? "person" : "unknown";
}

/**
 * `2026-11-28 03:21:00Z` in 2.1.5 and 3.0.0, `2026-11-28 03:28:49.791196Z` in 3.0.3; where the host's time zone is not UTC, its own time
 * with the offset: `2026-11-28 04:21:00 +01:00`. Before 2.0.3 as ctime(3) writes it, by the time zone of this host, which is also this program's:
 * `Sat Nov 28 04:21:00 2026`.
 */
function parseCompleted(text: string): number | undefined {
  if (/^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/.test(text)) return timeIn(text);
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{1,9})?(?:Z| ([+-]\d\d:\d\d))$/.exec(text);
  if (match === null) return undefined;
  const [, date, clock, fraction = "", offset = "Z"] = match;
  return timeIn(`${date}T${clock}${fraction.slice(0, 4)}${offset}`);
}

function timeIn(text: string): number | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
