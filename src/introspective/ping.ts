import { CallTimeoutError, type Connection, ServerError } from "../libvirt/mod.ts";
import type { Clock } from "../system/clock.ts";
import { messageOf } from "../system/message-of.ts";
import type { PingOutcome } from "./observation.ts";
import { pingOutcome } from "./ping-outcome.ts";
import { domainOf, type Session } from "./session.ts";

const PING = '{"execute": "guest-ping"}';
/**
 * A ping may wait 30 s for somebody else's command to the same agent, and 5 s for libvirt's own guest-sync; this is longer,
 * so that libvirt gives the reason.
 */
const BEYOND_PING_MS = 40_000;

/**
 * Pings a guest's agent once; an error from the agent is a response too. Never throws. If libvirt itself has ended
 * no ping for as long as this one took, its workers are stuck although its keepalive works: the connection is aborted, which
 * shows that no guest is monitored, and made again.
 * @param timeoutS what libvirt waits for the agent
 */
export async function ping(
  session: Session,
  connection: Connection,
  clock: Clock,
  uuid: string,
  timeoutS: number,
): Promise<{ readonly outcome: PingOutcome; readonly detail: string }> {
  const began = clock.now().mono;
  try {
    await connection.agentCommand(domainOf(uuid), PING, timeoutS, { timeoutMs: timeoutS * 1000 + BEYOND_PING_MS });
    session.pingEndedAt = clock.now().mono;
    return { outcome: "responded", detail: "" };
  } catch (error) {
    if (error instanceof ServerError) session.pingEndedAt = clock.now().mono;
    // A single guest that libvirt is stuck with must not cost the others their connection.
    else if (error instanceof CallTimeoutError && session.pingEndedAt < began) void connection.close(error);
    return {
      outcome: pingOutcome(error, clock.now().mono - began),
      detail: messageOf(error),
    };
  }
}
