import { ServerError } from "../libvirt/errors.ts";
import type { PingOutcome } from "./observation.ts";

/** By virErrorNumber (virterror.h). What is not here is libvirt's own trouble and says nothing about the guest. */
const byNumber: Readonly<Record<number, PingOutcome>> = {
  /** INTERNAL_ERROR: the agent has sent what is no JSON. */
  1: "unresponsive",
  /** OPERATION_DENIED: read-only. ACCESS_DENIED: libvirt's access control. */
  29: "denied",
  88: "denied",
  /** NO_DOMAIN, OPERATION_INVALID: it does not run. */
  42: "gone",
  55: "gone",
  /** OPERATION_TIMEOUT: somebody else's command has been with this agent for 30 s, without an answer. */
  68: "occupied",
  /** ARGUMENT_UNSUPPORTED: there is no channel. */
  74: "noChannel",
  /** AGENT_UNRESPONSIVE. From libvirt 11.2 on only where guest-sync is not answered. */
  86: "unresponsive",
  /** AGENT_COMMAND_TIMEOUT, from libvirt 11.2 on: the command itself is not answered. */
  112: "unresponsive",
  /** AGENT_COMMAND_FAILED, from libvirt 11.2 on: the agent has answered with an error, as where guest-ping is blocked. */
  113: "answered",
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
 * What a guest-ping that failed says about the guest.
 * @param tookMs how long it took
 */
export function pingOutcome(error: unknown, tookMs: number): PingOutcome {
  if (!(error instanceof ServerError)) return "unknown";
  const { number, detail } = error;
  const outcome = byNumber[number] ?? (HELD.test(detail) ? "occupied" : "unknown");
  if (outcome !== "unresponsive") return outcome;
  if (REFUSED.test(detail)) return "answered";
  if (CLOSED.test(detail)) return "disconnected";
  // In another language: nobody has waited for an agent that is not connected.
  return number !== 1 && tookMs < SHORTEST_WAIT_MS && !KNOWN.test(detail) ? "disconnected" : outcome;
}
