import { CallTimeoutError, type Connection, type Domain, isNoDomain, oneLine, ServerError } from "../libvirt/mod.ts";
import { agentChannel, DomainXmlError } from "./channels.ts";
import type { GuestSeen, IntrospectiveObservation } from "./observation.ts";

export type Observe = (observation: IntrospectiveObservation) => void;

/** What sensing and acting share: the connection in use, and what is under way over it. */
export interface Session {
  connection: Connection | undefined;
  /** Events so far of each guest that is being looked up; a look-up during which one comes is repeated. */
  readonly eventCounts: Map<string, number>;
  /** The last call about each guest whose response time-out may be short: those are reset when the monitor stops. */
  readonly shortTimeouts: Map<string, Promise<unknown>>;
  /** When libvirt last ended a ping, whatever came of it (mono, ms). */
  pingEndedAt: number;
  /** Looks at all guests again. */
  survey: (() => Promise<void>) | undefined;
}

/** Before the first connection. */
export function noSession(): Session {
  return {
    connection: undefined,
    eventCounts: new Map(),
    shortTimeouts: new Map(),
    pingEndedAt: Number.NEGATIVE_INFINITY,
    survey: undefined,
  };
}

/** For calls about a domain of which only the UUID is at hand: libvirt looks it up by that alone. */
export function domainOf(uuid: string): Domain {
  return { name: uuid, uuid, id: -1 };
}

/** Long enough for a busy libvirt; one that is stuck with a domain is so for hours. */
const READ = { timeoutMs: 15_000 };

/** The guest as it is now; with the id -1 if it does not run, or there is none. */
export async function lookAt(connection: Connection, uuid: string, pattern: RegExp): Promise<GuestSeen> {
  try {
    const domain = await connection.lookup(uuid, READ);
    if (domain.id !== -1) return await readGuest(connection, domain, pattern);
  } catch (error) {
    if (!isNoDomain(error)) throw error;
  }
  return { uuid, name: uuid, id: -1, running: false, agent: "none" };
}

/**
 * An active domain's state and channel; what is wrong with this domain alone is its `fault`.
 * @throws ServerError NO_DOMAIN if there is none any more, and what ends the connection
 */
export async function readGuest(connection: Connection, domain: Domain, pattern: RegExp): Promise<GuestSeen> {
  const { uuid, name, id } = domain;
  try {
    const channel = agentChannel(await connection.xml(domain, READ), pattern);
    // The state is the last thing asked: an event that changes it comes after the response.
    const { stateName } = await connection.state(domain, READ);
    return { uuid, name, id, running: stateName === "RUNNING", ...channel };
  } catch (error) {
    if (isNoDomain(error) || !isOfOneDomain(error)) throw error;
    return { uuid, name, id, running: true, agent: "none", fault: oneLine(error.message) };
  }
}

/** One domain that cannot be read must not cost the others their connection. */
function isOfOneDomain(error: unknown): error is Error {
  if (error instanceof DomainXmlError) return true;
  return error instanceof ServerError || error instanceof CallTimeoutError;
}

/** @returns whether the guest runs, by one quick call */
export async function isRunning(connection: Connection, uuid: string, timeoutMs: number): Promise<boolean> {
  const { stateName } = await connection.state(domainOf(uuid), { timeoutMs });
  return stateName === "RUNNING";
}
