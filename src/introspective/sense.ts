import { type Connection, type Domain, type DomainEvent, isNoDomain, maintainConnection } from "../libvirt/mod.ts";
import type { ConditionKind, Conditions } from "../status/conditions.ts";
import type { Clock, Instant } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import type { GuestChange, GuestSeen, IntrospectiveObservation, IntrospectiveSettings } from "./observation.ts";
import { resetTimeouts } from "./response-timeout.ts";
import { type Observe, readGuest, type Session } from "./session.ts";

const LIBVIRT: ConditionKind = { name: "libvirt", consequence: "the guests are not monitored", effect: "blind" };

export interface SenseParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly uri: string;
  readonly bootId: string;
  /** As they are now: they may change while sensing runs. */
  readonly settings: () => IntrospectiveSettings;
  readonly pattern: () => RegExp;
  /** Where the state of the connection to libvirt is shown. */
  readonly conditions?: Conditions | undefined;
}

const CONSEQUENCE =
  "No guest agent is pinged until it is back; a guest that hangs meanwhile is found then. Check that libvirtd runs and that " +
  "[libvirt] connection_uri names it";

/** Guests whose XML is read at the same time in a survey; libvirt has few workers. */
const SURVEY_AT_ONCE = 2;

/**
 * Observes every guest with an agent channel, and libvirt's events of them, reconnecting for ever. Resolves when the signal
 * aborts.
 * @throws UriError
 */
export async function sense(session: Session, parts: SenseParts, observe: Observe, signal: AbortSignal): Promise<void> {
  const { clock, log, uri, conditions } = parts;
  conditions?.set(LIBVIRT, "not connected yet");
  observe({ kind: "started", at: clock.now(), bootId: parts.bootId, settings: parts.settings() });
  const onConnected = (connection: Connection, connected: AbortSignal): Promise<void> =>
    watchConnection(session, parts, observe, connection, connected);
  const onUnavailable = (reason: string): void => conditions?.set(LIBVIRT, reason);
  const options = { clock, log, consequence: CONSEQUENCE, onConnected, onUnavailable };
  await maintainConnection(uri, options, untilTimeoutsReset(session, parts, signal));
}

/** Aborts after `signal`, once the response time-outs in libvirt are as they were. */
function untilTimeoutsReset(session: Session, { clock, log }: SenseParts, signal: AbortSignal): AbortSignal {
  const end = new AbortController();
  const stop = (): void => void resetTimeouts(session, clock, log).finally(() => end.abort(signal.reason));
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return end.signal;
}

/** Registers for events before the survey, so that nothing is missed; events during the survey are observed after it. */
async function watchConnection(
  session: Session,
  parts: SenseParts,
  observe: Observe,
  connection: Connection,
  connected: AbortSignal,
): Promise<void> {
  const { clock } = parts;
  let deferred: IntrospectiveObservation[] | undefined;
  connected.addEventListener("abort", () => {
    if (session.connection !== connection) return;
    session.connection = undefined;
    session.survey = undefined;
    observe({ kind: "lost", at: clock.now() });
  });
  const onEvent = (event: DomainEvent): void => {
    const observation = observationOf(event, clock.now());
    if (!observation) return;
    const events = session.eventCounts.get(event.domain.uuid);
    if (events !== undefined) session.eventCounts.set(event.domain.uuid, events + 1);
    if (deferred) deferred.push(observation);
    else observe(observation);
  };
  const survey = async (): Promise<void> => {
    deferred ??= [];
    try {
      const guests = await surveyGuests(connection, parts.pattern());
      if (connected.aborted) return;
      session.connection = connection;
      observe({ kind: "surveyed", at: clock.now(), guests });
    } finally {
      const observations = deferred ?? [];
      deferred = undefined;
      if (!connected.aborted) for (const observation of observations) observe(observation);
    }
  };
  session.eventCounts.clear();
  await connection.registerEvents(["lifecycle", "reboot", "agentLifecycle"], onEvent);
  await survey();
  if (!connected.aborted) parts.conditions?.set(LIBVIRT, undefined);
  session.survey = survey;
}

/** All guests that run, as they are now. */
export async function surveyGuests(connection: Connection, pattern: RegExp): Promise<readonly GuestSeen[]> {
  const domains = [...(await connection.listDomains({ active: true }))];
  const guests: GuestSeen[] = [];
  const readNext = async (): Promise<void> => {
    for (let domain = domains.pop(); domain; domain = domains.pop()) {
      const guest = await readIfThere(connection, domain, pattern);
      if (guest) guests.push(guest);
    }
  };
  await Promise.all(Array.from({ length: SURVEY_AT_ONCE }, readNext));
  return guests;
}

async function readIfThere(connection: Connection, domain: Domain, pattern: RegExp): Promise<GuestSeen | undefined> {
  try {
    return await readGuest(connection, domain, pattern);
  } catch (error) {
    if (isNoDomain(error)) return undefined;
    throw error;
  }
}

/** By libvirt's name of the event; what is not here leaves a guest as it is. */
const guestChanges: Readonly<Record<string, GuestChange>> = {
  STARTED: "started",
  SUSPENDED: "paused",
  RESUMED: "resumed",
  STOPPED: "stopped",
  SHUTDOWN: "shuttingDown",
  /** It is STARTED when it wakes up. */
  PMSUSPENDED: "paused",
  /** Kept as it is, for somebody to look at. */
  CRASHED: "paused",
};

function observationOf(event: DomainEvent, at: Instant): IntrospectiveObservation | undefined {
  const { uuid, name } = event.domain;
  switch (event.kind) {
    case "lifecycle": {
      const what = guestChanges[event.eventName];
      return what && { kind: "guestChanged", at, uuid, name, what };
    }
    case "reboot":
      return { kind: "guestChanged", at, uuid, name, what: "rebooted" };
    case "agentLifecycle":
      return { kind: "agentChanged", at, uuid, name, connected: event.stateName === "CONNECTED" };
    default:
      return undefined;
  }
}
