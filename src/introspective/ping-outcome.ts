import { ServerError } from "../libvirt/errors.ts";
import type { PingOutcome } from "./observation.ts";

/** By virErrorNumber (virterror.h). What is not here is libvirt's own trouble and says nothing about the guest. */
const byNumber: Readonly<Record<number, PingOutcome>> = {
  /** INTERNAL_ERROR: the agent answered with what is no JSON. */
  1: "silent",
  /** OPERATION_DENIED: read-only. ACCESS_DENIED: libvirt's access control. */
  29: "denied",
  88: "denied",
  /** NO_DOMAIN, OPERATION_INVALID: it does not run. */
  42: "gone",
  55: "gone",
  /** OPERATION_TIMEOUT: somebody else's command to this agent has been unanswered for 30 s. */
  68: "occupied",
  /** ARGUMENT_UNSUPPORTED: there is no channel. */
  74: "noChannel",
  /** AGENT_UNRESPONSIVE */
  86: "silent",
};

/** "QEMU guest agent is not connected", at once; "disappeared while executing command" (qemu_agent.c, qemu_domain.c). */
const CLOSED = /not connected|disappeared/;

/** What a guest-ping that failed says about the guest. */
export function pingOutcome(error: unknown): PingOutcome {
  if (!(error instanceof ServerError)) return "unknown";
  if (error.number === 86 && CLOSED.test(error.detail)) return "disconnected";
  return byNumber[error.number] ?? "unknown";
}
