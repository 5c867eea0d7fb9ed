import { type Connection, isNoDomain, ServerError } from "../libvirt/mod.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { messageOf } from "../system/message-of.ts";
import { countOf } from "../system/plural.ts";
import type { SettingOutcome } from "./observation.ts";
import { domainOf, type Session } from "./session.ts";

/** Longer than the pings that may be before it on the connection. */
const CALL_MS = 35_000;
/** Of the 10 s in which the monitor is to end. What is not reset by then is reset at the next start. */
const STOP_MS = 5000;

/**
 * Has libvirt wait `seconds` for the guest's agent, or its own time again if undefined. Never throws.
 */
export async function setResponseTimeout(
  session: Session,
  connection: Connection,
  uuid: string,
  seconds: number | undefined,
): Promise<{ readonly outcome: SettingOutcome; readonly detail: string }> {
  const call = callSetting(connection, uuid, seconds);
  session.shortTimeouts.set(uuid, call);
  const result = await call;
  // Shortened and refused, or put back and done.
  const isOwn = result.outcome === "gone" || result.outcome === (seconds === undefined ? "done" : "refused");
  if (isOwn && session.shortTimeouts.get(uuid) === call) session.shortTimeouts.delete(uuid);
  return result;
}

/** When the monitor stops: what it has shortened is reset, within 5 s, if libvirt is connected. Never throws. */
export async function resetTimeouts(session: Session, clock: Clock, log: Logger): Promise<void> {
  const { connection, shortTimeouts } = session;
  if (!connection || shortTimeouts.size === 0) return;
  const resets = [...shortTimeouts].map(async ([uuid, last]) => {
    // libvirt does two calls at the same time, in whatever order.
    await last;
    await setResponseTimeout(session, connection, uuid, undefined);
  });
  const inTime = new AbortController();
  const late = clock.sleep(STOP_MS, inTime.signal).catch(() => undefined);
  await Promise.race([Promise.all(resets), late]);
  inTime.abort();
  if (shortTimeouts.size === 0) return;
  log.warning(
    `The agent response time-outs of ${countOf(shortTimeouts.size, "guest")} were not reset within ${STOP_MS / 1000} s of the stop; ` +
      "they are reset when this monitor starts again",
  );
}

async function callSetting(connection: Connection, uuid: string, timeoutS: number | undefined) {
  try {
    await connection.setAgentResponseTimeout(domainOf(uuid), timeoutS, { timeoutMs: CALL_MS });
    return { outcome: "done", detail: "" } as const;
  } catch (error) {
    return { outcome: outcomeOf(error), detail: messageOf(error) };
  }
}

/** With an error libvirt has not done it; without a response it may have. */
function outcomeOf(error: unknown): SettingOutcome {
  if (isNoDomain(error)) return "gone";
  return error instanceof ServerError ? "refused" : "unknown";
}
