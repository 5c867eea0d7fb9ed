import type { Connection } from "../libvirt/mod.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { findingsOf } from "./examine.ts";
import type { GuestSeen, IntrospectiveEffect } from "./observation.ts";
import { ping } from "./ping.ts";
import { setResponseTimeout } from "./response-timeout.ts";
import { lookAt, type Observe, type Session } from "./session.ts";

export interface ActParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly pattern: () => RegExp;
}

const RETRY_MS = 5000;
/** After so many look-ups that an event has overtaken there is a pause. */
const LOOKS = 20;

/** Carries out one effect of the introspective monitor. Without a connection there is nothing to do: a survey follows. */
export async function act(
  effect: IntrospectiveEffect,
  session: Session,
  parts: ActParts,
  observe: Observe,
  signal: AbortSignal,
): Promise<void> {
  const { connection } = session;
  if (!connection) return;
  const { uuid } = effect;
  switch (effect.kind) {
    case "ping": {
      const { outcome, detail } = await ping(session, connection, parts.clock, uuid, effect.timeout);
      return observe({ kind: "pinged", at: parts.clock.now(), uuid, outcome, detail });
    }
    case "examine": {
      const findings = await findingsOf(connection, effect);
      return observe({ kind: "examined", at: parts.clock.now(), uuid, findings });
    }
    case "setResponseTimeout": {
      const { outcome, detail } = await setResponseTimeout(session, connection, uuid, effect.seconds);
      return observe({ kind: "responseTimeoutSet", at: parts.clock.now(), uuid, outcome, detail });
    }
    case "look": {
      const guest = await look(connection, uuid, session, parts, signal);
      if (guest) observe({ kind: "looked", at: parts.clock.now(), guest });
    }
  }
}

/** Looks the guest up until no event of it comes meanwhile: what was read is then not older than the events. */
async function look(
  connection: Connection,
  uuid: string,
  session: Session,
  { clock, log, pattern }: ActParts,
  signal: AbortSignal,
): Promise<GuestSeen | undefined> {
  // Another look-up of the same guest is under way; it is repeated then, and so sees this too.
  const before = session.eventCounts.get(uuid);
  if (before !== undefined) {
    session.eventCounts.set(uuid, before + 1);
    return undefined;
  }
  session.eventCounts.set(uuid, 0);
  try {
    for (let looks = 1; !signal.aborted; looks++) {
      const events = session.eventCounts.get(uuid);
      try {
        const guest = await lookAt(connection, uuid, pattern());
        if (session.eventCounts.get(uuid) === events) return guest;
      } catch (error) {
        if (signal.aborted) return undefined;
        if (looks === 1) log.warning(`Looking up guest ${uuid} failed, retrying: ${(error as Error).message}`);
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
      if (looks % LOOKS === 0) await clock.sleep(RETRY_MS, signal).catch(() => undefined);
    }
    return undefined;
  } finally {
    if (!signal.aborted) session.eventCounts.delete(uuid);
  }
}
