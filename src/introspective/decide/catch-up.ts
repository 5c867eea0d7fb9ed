import type { IntrospectiveObservation } from "../observation.ts";
import type { Guest, IntrospectiveState } from "../state.ts";
import type { Turn } from "./turn.ts";

/**
 * What an earlier run left undelivered says that a guest does not answer. Whether that is still so, one more ping of each
 * guest that is reported tells; then what is left may be sent.
 */
export function catchUp(
  state: IntrospectiveState,
  observation: IntrospectiveObservation,
  turn: Turn,
): IntrospectiveState {
  const inDoubt = observation.kind === "surveyed" ? new Set(state.guests.keys()) : state.inDoubt;
  if (inDoubt === undefined) return state;
  const left = new Set([...inDoubt].filter((uuid) => isInDoubt(state.guests.get(uuid)) && !isAsked(uuid, observation)));
  if (left.size > 0) return left.size === state.inDoubt?.size ? state : { ...state, inDoubt: left };
  turn.effects.push({ kind: "caughtUp" });
  return { ...state, inDoubt: undefined };
}

function isInDoubt(guest: Guest | undefined): boolean {
  return guest?.phase === "reported" && guest.running && guest.agent === "connected";
}

/** What libvirt did not answer, or not permit, is no answer of the guest's, and neither is that its agent is occupied. */
function isAsked(uuid: string, observation: IntrospectiveObservation): boolean {
  if (observation.kind !== "pinged" || observation.uuid !== uuid) return false;
  return !["unknown", "denied", "occupied"].includes(observation.outcome);
}
