import { type Connection, type Domain, isNoDomain, LibvirtError } from "../libvirt/mod.ts";
import type { Logger } from "../system/log.ts";
import type { Look } from "./observation.ts";

/** Questions at a time: the connection takes four and lets a bounded number wait, however many domains there are. */
const AT_ONCE = 100;

/**
 * Asks for every domain and its state.
 * @param eventCount how many events have come so far
 * @throws LibvirtError if the domains cannot be listed, or the connection ends
 */
export async function lookAtAll(
  connection: Connection,
  eventCount: () => number,
  log: Logger,
  signal: AbortSignal,
): Promise<{ readonly after: number; readonly looks: readonly Look[] }> {
  const after = eventCount();
  const list = connection.listDomains({}, { signal });
  const transient = connection.listDomains({ transient: true }, { signal });
  const [domains, transients] = await Promise.all([list, transient]);
  const isTransient = new Set(transients.map(({ uuid }) => uuid));
  const looks: Look[] = [];
  const remaining = domains.values();
  const lookAtNext = async (): Promise<void> => {
    for (const domain of remaining) {
      const look = await lookAt(connection, domain, eventCount, log, signal);
      if (look !== undefined) looks.push({ ...look, transient: isTransient.has(look.uuid) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lookAtNext));
  return { after, looks };
}

/** @returns undefined if there is no such domain any more */
async function lookAt(
  connection: Connection,
  domain: Domain,
  eventCount: () => number,
  log: Logger,
  signal: AbortSignal,
): Promise<Omit<Look, "transient"> | undefined> {
  const { uuid, name, id } = domain;
  const after = eventCount();
  try {
    const { stateName, reasonName } = await connection.state(domain, { signal });
    return { uuid, name, id, state: stateName, reason: reasonName, after };
  } catch (error) {
    if (isNoDomain(error)) return undefined;
    if (!isOfOneDomain(error)) throw error;
    // The others are worth more than knowing this one: its events come all the same.
    log.warning(`${name} (${uuid}): what has become of it is not known: ${error.message}`);
    return { uuid, name, id, state: undefined, reason: "", after };
  }
}

function isOfOneDomain(error: unknown): error is LibvirtError {
  return error instanceof LibvirtError && ["LIBVIRT_SERVER", "LIBVIRT_TIMEOUT"].includes(error.code);
}
