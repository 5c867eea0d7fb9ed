import type { Connection, Domain, DomainEvent } from "../libvirt/connection.ts";
import { keepConnected } from "../libvirt/keep-connected.ts";
import type { ConditionKind, Conditions } from "../status/conditions.ts";
import type { Clock, Instant } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { isNoDomain, type Link, type Observe, readGuest } from "./link.ts";
import type { GuestSeen, Happening, IntrospectiveObservation, IntrospectiveSettings } from "./observation.ts";
import { putTimeoutsBack } from "./response-timeout.ts";

const LIBVIRT: ConditionKind = { name: "libvirt", consequence: "nothing is seen of the guests" };

export interface SenseParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly uri: string;
  readonly bootId: string;
  /** As they are now: they may change while sensing runs. */
  readonly settings: () => IntrospectiveSettings;
  readonly pattern: () => RegExp;
  /** Where to say whether the guests are seen. */
  readonly conditions?: Conditions | undefined;
}

const MEANWHILE =
  "no guest agent is asked until it is back; a guest that hangs meanwhile is found then. See that libvirtd runs and that " +
  "[libvirt] connection_uri leads to it";

/** Guests whose XML is asked for at the same time in a survey; libvirt has few workers. */
const SURVEY_AT_ONCE = 2;

/**
 * Observes every guest with an agent channel, and what libvirt tells of them, over a connection that is made again for ever.
 * Resolves when the signal aborts.
 * @throws UriError
 */
export async function sense(link: Link, parts: SenseParts, observe: Observe, signal: AbortSignal): Promise<void> {
  const { clock, log, uri, conditions } = parts;
  conditions?.set(LIBVIRT, "not connected yet");
  observe({ kind: "started", at: clock.now(), bootId: parts.bootId, settings: parts.settings() });
  const onConnected = (connection: Connection, connected: AbortSignal): Promise<void> =>
    attend(link, parts, observe, connection, connected);
  const onAway = (reason: string): void => conditions?.set(LIBVIRT, reason);
  const options = { clock, log, meanwhile: MEANWHILE, onConnected, onAway };
  await keepConnected(uri, options, untilPutBack(link, parts, signal));
}

/** Aborts after `signal`, when the connection is not needed any more to leave libvirt as it was. */
function untilPutBack(link: Link, { clock, log }: SenseParts, signal: AbortSignal): AbortSignal {
  const end = new AbortController();
  const leave = (): void => void putTimeoutsBack(link, clock, log).finally(() => end.abort(signal.reason));
  if (signal.aborted) leave();
  else signal.addEventListener("abort", leave, { once: true });
  return end.signal;
}

/** Listens first and surveys then, so that nothing falls between; what is heard meanwhile is told afterwards. */
async function attend(
  link: Link,
  parts: SenseParts,
  observe: Observe,
  connection: Connection,
  connected: AbortSignal,
): Promise<void> {
  const { clock } = parts;
  let kept: IntrospectiveObservation[] | undefined;
  connected.addEventListener("abort", () => {
    if (link.connection !== connection) return;
    link.connection = undefined;
    link.survey = undefined;
    observe({ kind: "lost", at: clock.now() });
  });
  const hear = (event: DomainEvent): void => {
    const observation = toldBy(event, clock.now());
    if (!observation) return;
    const heard = link.heard.get(event.domain.uuid);
    if (heard !== undefined) link.heard.set(event.domain.uuid, heard + 1);
    if (kept) kept.push(observation);
    else observe(observation);
  };
  const survey = async (): Promise<void> => {
    kept ??= [];
    try {
      const guests = await surveyGuests(connection, parts.pattern());
      if (connected.aborted) return;
      link.connection = connection;
      observe({ kind: "surveyed", at: clock.now(), guests });
    } finally {
      const meanwhile = kept ?? [];
      kept = undefined;
      if (!connected.aborted) for (const observation of meanwhile) observe(observation);
    }
  };
  link.heard.clear();
  await connection.registerEvents(["lifecycle", "reboot", "agentLifecycle"], hear);
  await survey();
  if (!connected.aborted) parts.conditions?.set(LIBVIRT, undefined);
  link.survey = survey;
}

async function surveyGuests(connection: Connection, pattern: RegExp): Promise<readonly GuestSeen[]> {
  const domains = [...(await connection.listDomains({ active: true }))];
  const guests: GuestSeen[] = [];
  const readThem = async (): Promise<void> => {
    for (let domain = domains.pop(); domain; domain = domains.pop()) {
      const guest = await readIfThere(connection, domain, pattern);
      if (guest) guests.push(guest);
    }
  };
  await Promise.all(Array.from({ length: SURVEY_AT_ONCE }, readThem));
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

/** virDomainEventType; what is not here leaves a guest as it is. */
const happenings: Readonly<Record<number, Happening>> = {
  2: "started",
  3: "paused",
  4: "resumed",
  5: "stopped",
  6: "shuttingDown",
  /** PMSUSPENDED; it is STARTED when it wakes up. */
  7: "paused",
  /** CRASHED: kept as it is, for somebody to look at. */
  8: "paused",
};

const AGENT_CONNECTED = 1;

function toldBy(event: DomainEvent, at: Instant): IntrospectiveObservation | undefined {
  const { uuid, name } = event.domain;
  switch (event.kind) {
    case "lifecycle": {
      const what = happenings[event.event];
      return what && { kind: "happened", at, uuid, name, what };
    }
    case "reboot":
      return { kind: "happened", at, uuid, name, what: "rebooted" };
    case "agentLifecycle":
      return { kind: "agentChanged", at, uuid, name, connected: event.state === AGENT_CONNECTED };
    default:
      return undefined;
  }
}
