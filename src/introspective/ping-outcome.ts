import { ServerError, type ServerErrorName } from "../libvirt/mod.ts";
import type { PingOutcome } from "./observation.ts";

/** By libvirt's name of the error (virterror.h). What is not here is libvirt's own trouble and means nothing about the guest. */
const byName: Partial<Record<ServerErrorName, PingOutcome>> = {
  /** The agent has sent what is no JSON. */
  INTERNAL_ERROR: "unresponsive",
  /** Read-only. */
  OPERATION_DENIED: "denied",
  /** libvirt's access control. */
  ACCESS_DENIED: "denied",
  NO_DOMAIN: "gone",
  /** It does not run. */
  OPERATION_INVALID: "gone",
  /** Somebody else's command has been with this agent for 30 s, without a response. */
  OPERATION_TIMEOUT: "occupied",
  /** There is no channel. */
  ARGUMENT_UNSUPPORTED: "noChannel",
  /** From libvirt 11.2 on only where guest-sync is not answered. */
  AGENT_UNRESPONSIVE: "unresponsive",
  /** From libvirt 11.2 on: the command itself is not answered. */
  AGENT_COMMAND_TIMEOUT: "unresponsive",
  /** From libvirt 11.2 on: the agent has answered with an error, as where guest-ping is blocked. */
  AGENT_COMMAND_FAILED: "responded",
};

/** "QEMU guest agent is not connected", at once; "disappeared while executing command"; QEMU's end (qemu_agent.c). */
const CLOSED = /not connected|disappeared|End of file/;
/** The agent's own error as libvirt before 11.2 gives it. Every translation keeps the name of the command, not its quotes. */
const REFUSED = /\bguest-ping\b/;
/** OPERATION_FAILED: with `max_queued` in qemu.conf, libvirt does not wait until the other command ends. */
const HELD = /\bagent=/;
/** libvirt gives an agent whole seconds. */
const SHORTEST_WAIT_MS = 900;
const KNOWN = /not available|didn't respond/;

/**
 * What a guest-ping that failed means about the guest.
 * @param tookMs how long it took
 */
export function pingOutcome(error: unknown, tookMs: number): PingOutcome {
  if (!(error instanceof ServerError)) return "unknown";
  const { errorName, detail } = error;
  const outcome = byName[errorName] ?? (HELD.test(detail) ? "occupied" : "unknown");
  if (outcome !== "unresponsive") return outcome;
  if (REFUSED.test(detail)) return "responded";
  if (CLOSED.test(detail)) return "disconnected";
  // In another language: nobody has waited for an agent that is not connected.
  return errorName !== "INTERNAL_ERROR" && tookMs < SHORTEST_WAIT_MS && !KNOWN.test(detail) ? "disconnected" : outcome;
}
