import type { Connection } from "../libvirt/connection.ts";
import { CallTimeoutError, ServerError } from "../libvirt/errors.ts";
import type { Clock } from "../system/clock.ts";
import { domainOf, type Link } from "./link.ts";
import type { PingOutcome } from "./observation.ts";
import { pingOutcome } from "./ping-outcome.ts";

const PING = '{"execute": "guest-ping"}';
/**
 * A ping may wait 30 s for somebody else's command to the same agent, and 5 s for libvirt's own guest-sync; this is longer,
 * so that libvirt says what it was.
 */
const BEYOND_PING_MS = 40_000;

/**
 * Pings a guest's agent once; whatever that says, an error included, it answers. Never throws. Where libvirt itself has
 * answered nobody's ping for as long as this one took, its workers are stuck though its keepalive lives: the connection is
 * given up, so that it is known that nobody is watched, and begun anew.
 * @param timeoutS what libvirt waits for the agent
 */
export async function ping(
  link: Link,
  connection: Connection,
  clock: Clock,
  uuid: string,
  timeoutS: number,
): Promise<{ readonly outcome: PingOutcome; readonly detail: string }> {
  const began = clock.now().mono;
  try {
    await connection.agentCommand(domainOf(uuid), PING, timeoutS, { timeoutMs: timeoutS * 1000 + BEYOND_PING_MS });
    link.pingEndedAt = clock.now().mono;
    return { outcome: "answered", detail: "" };
  } catch (error) {
    if (error instanceof ServerError) link.pingEndedAt = clock.now().mono;
    // A single guest that libvirt is stuck with must not cost the others their connection.
    else if (error instanceof CallTimeoutError && link.pingEndedAt < began) connection.abort(error);
    return {
      outcome: pingOutcome(error, clock.now().mono - began),
      detail: error instanceof Error ? error.message : String(error),
    };
  }
}
