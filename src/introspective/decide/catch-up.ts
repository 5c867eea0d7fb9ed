import { SubjectOrder } from "../../monitor/subject-order.ts";
import type { Guest } from "../guest.ts";
import type { IntrospectiveObservation } from "../observation.ts";
import type { IntrospectiveState } from "../state.ts";
import type { Context } from "./context.ts";

/**
 * What an earlier run left undelivered is about guests that do not answer. One more ping of each reported guest shows whether
 * that is still true; then what is left may be sent.
 */
export function catchUp(
  state: IntrospectiveState,
  observation: IntrospectiveObservation,
  context: Context,
): IntrospectiveState {
  const left = observation.kind === "surveyed" ? allInDoubt(state) : withoutDecided(state, observation);
  if (left === undefined || left.size > 0) return left === state.inDoubt ? state : { ...state, inDoubt: left };
  context.caughtUp();
  return { ...state, inDoubt: undefined };
}

function allInDoubt({ guests }: IntrospectiveState): SubjectOrder {
  let inDoubt = SubjectOrder.empty;
  for (const guest of guests.values()) if (isInDoubt(guest)) inDoubt = inDoubt.with(guest.uuid, 0);
  return inDoubt;
}

/** An observation about one guest decides about that one at most. */
function withoutDecided(state: IntrospectiveState, observation: IntrospectiveObservation): SubjectOrder | undefined {
  const uuid = guestOf(observation);
  if (uuid === undefined) return state.inDoubt;
  if (isInDoubt(state.guests.get(uuid)) && !isAsked(observation)) return state.inDoubt;
  return state.inDoubt?.without(uuid, 0);
}

function guestOf(observation: IntrospectiveObservation): string | undefined {
  if (observation.kind === "looked") return observation.guest.uuid;
  return "uuid" in observation ? observation.uuid : undefined;
}

function isInDoubt(guest: Guest | undefined): boolean {
  return guest?.phase === "reported" && guest.running && guest.agent === "connected";
}

/** That libvirt did not answer, or not permit it, decides nothing, and neither does an occupied agent. */
function isAsked(observation: IntrospectiveObservation): boolean {
  return observation.kind === "pinged" && !["unknown", "denied", "occupied"].includes(observation.outcome);
}
