import type { Connection } from "../libvirt/connection.ts";
import type { Conditions } from "../status/conditions.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { findingsOf } from "./examine.ts";
import { type Link, lookAt, type Observe } from "./link.ts";
import type { GuestSeen, IntrospectiveEffect } from "./observation.ts";
import { ping } from "./ping.ts";
import { setResponseTimeout } from "./response-timeout.ts";

export interface ActParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly pattern: () => RegExp;
  readonly conditions?: Conditions | undefined;
}

const LOOK_AGAIN_MS = 5000;
/** A guest of which something is heard this often while it is looked at is looked at once more later. */
const LOOKS = 20;

/** Carries out one effect of the introspective monitor. Without a connection there is nothing to do: a survey will follow. */
export async function act(
  effect: IntrospectiveEffect,
  link: Link,
  parts: ActParts,
  observe: Observe,
  signal: AbortSignal,
): Promise<void> {
  if (effect.kind === "setCondition") return parts.conditions?.set(effect.condition, effect.problem);
  const { connection } = link;
  if (!connection) return;
  const { uuid } = effect;
  switch (effect.kind) {
    case "ping": {
      const { outcome, detail } = await ping(link, connection, parts.clock, uuid, effect.timeout);
      return observe({ kind: "pinged", at: parts.clock.now(), uuid, run: effect.run, outcome, detail });
    }
    case "examine": {
      const findings = await findingsOf(connection, effect);
      return observe({ kind: "examined", at: parts.clock.now(), uuid, run: effect.run, findings });
    }
    case "setResponseTimeout": {
      const { outcome, detail } = await setResponseTimeout(link, connection, uuid, effect.seconds);
      return observe({ kind: "responseTimeoutSet", at: parts.clock.now(), uuid, run: effect.run, outcome, detail });
    }
    case "look": {
      const guest = await look(connection, uuid, link, parts, signal);
      if (guest) observe({ kind: "looked", at: parts.clock.now(), guest });
    }
  }
}

/** Looks until nothing was heard of the guest meanwhile: what was read is not older than what has been told. */
async function look(
  connection: Connection,
  uuid: string,
  link: Link,
  { clock, log, pattern }: ActParts,
  signal: AbortSignal,
): Promise<GuestSeen | undefined> {
  // Another look at the same guest is under way; it notes that something was heard, and so sees this too.
  const before = link.heard.get(uuid);
  if (before !== undefined) {
    link.heard.set(uuid, before + 1);
    return undefined;
  }
  link.heard.set(uuid, 0);
  try {
    for (let looks = 1; link.connection === connection && !signal.aborted; looks++) {
      const heard = link.heard.get(uuid);
      try {
        const guest = await lookAt(connection, uuid, pattern());
        if (link.heard.get(uuid) === heard) return guest;
      } catch (error) {
        if (link.connection !== connection) return undefined;
        if (looks === 1) log.warning(`Guest ${uuid} cannot be looked up, retrying: ${(error as Error).message}`);
        await clock.sleep(LOOK_AGAIN_MS, signal).catch(() => undefined);
      }
      if (looks % LOOKS === 0) await clock.sleep(LOOK_AGAIN_MS, signal).catch(() => undefined);
    }
    return undefined;
  } finally {
    if (link.connection === connection) link.heard.delete(uuid);
  }
}
