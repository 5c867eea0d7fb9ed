import type { Decision } from "../monitor/contract.ts";
import { counted } from "../notify/plural.ts";
import { applyEvent } from "./decide/event.ts";
import { applyOnCrash } from "./decide/lifecycle.ts";
import { applySnapshot } from "./decide/snapshot.ts";
import { type Effect, say, supersede, type Turn } from "./decide/turn.ts";
import { applyLoggedEnd } from "./decide/unexplained.ts";
import type { InstanceEffect, InstanceObservation } from "./observation.ts";
import { type Guest, type InstanceState, initialState, isEnded, withGuest, withGuests } from "./state.ts";

const ENDED_KEPT = 200;

/**
 * The decisions of the instance monitor. Events are notified by upstream's table; beside that the state of each domain is kept,
 * so that what was missed in a gap can be notified after it. Returns the very same state if nothing has changed.
 */
export function decide(
  state: InstanceState,
  observation: InstanceObservation,
): Decision<InstanceState, InstanceEffect> {
  const settings = "settings" in observation ? observation.settings : state.settings;
  // Nothing has a meaning before the first `started`.
  if (!settings) return { state, effects: [] };
  const effects: Effect[] = [];
  const { complete, looking } = state;
  const again = observation.kind === "snapshot" && observation.again;
  const turn: Turn = { at: observation.at, settings, complete, looking, again, effects };
  return { state: observe(state, observation, turn), effects };
}

function observe(state: InstanceState, observation: InstanceObservation, turn: Turn): InstanceState {
  switch (observation.kind) {
    case "started":
      return applyStart(state, observation.bootId, turn);
    case "settingsChanged":
      return { ...state, settings: observation.settings };
    case "connected":
      return withGuests(state, withoutExpected(state.guests));
    case "looking":
      return { ...state, looking: true };
    case "lost":
      return { ...state, looking: false };
    case "event": {
      const { guest: name, event, number } = observation;
      const before = state.guests.get(name.uuid);
      return afterEvent(state, name.uuid, applyEvent(before, name, event, number, turn));
    }
    case "snapshot": {
      const guests = applySnapshot(state.guests, observation.looks, observation.after, turn);
      const active = [...guests.values()].filter((guest) => guest.state !== "SHUTOFF").length;
      say(
        turn,
        observation.again ? "debug" : "info",
        `watching ${counted(guests.size, "guest")} of libvirt, ${active} of them active`,
      );
      turn.effects.push({ kind: "caughtUp" });
      return { ...withGuests(state, guests), complete: true, looking: false };
    }
    case "onCrash": {
      const before = state.guests.get(observation.uuid);
      if (before === undefined) return state;
      return afterEvent(state, observation.uuid, applyOnCrash(before, observation.uuid, observation.action, turn));
    }
    case "loggedEnd": {
      const { uuid, end } = observation;
      const before = state.guests.get(uuid);
      return before === undefined ? state : afterEvent(state, uuid, applyLoggedEnd(before, uuid, end, turn));
    }
    case "woke":
      return state;
  }
}

/** Another boot of this host has ended every guest; their users decide which of them run again, and where. */
function applyStart(state: InstanceState, bootId: string, turn: Turn): InstanceState {
  const { settings } = turn;
  if (bootId !== "" && state.bootId === bootId) return { ...state, settings, looking: false };
  for (const uuid of state.guests.keys()) supersede(turn, uuid, "this host has been rebooted since");
  return { ...initialState, bootId, settings };
}

/**
 * An event that a look came before cannot come over another connection, and another libvirtd does not go on with what an
 * earlier one was at. A guest that crashed stays notified until it ends.
 */
function withoutExpected(guests: ReadonlyMap<string, Guest>): ReadonlyMap<string, Guest> {
  const without = (guest: Guest): Guest => {
    const alreadyNotified = guest.state === "CRASHED" ? guest.alreadyNotified : null;
    if (guest.alreadyNotified === alreadyNotified && !guest.panicEvent) return guest;
    return { ...guest, alreadyNotified, panicEvent: false };
  };
  return new Map([...guests].map(([uuid, guest]) => [uuid, without(guest)]));
}

function afterEvent(state: InstanceState, uuid: string, after: Guest | undefined): InstanceState {
  // Results under way may still be about one that is gone.
  const next = withGuest(state, uuid, after?.gone && !state.looking ? undefined : after);
  return next !== state && isEnded(after) ? withoutOldest(next) : next;
}

/** Where looks are rare and transient guests are many, what is kept of those that have ended must not grow. */
function withoutOldest(state: InstanceState): InstanceState {
  let next = state;
  while (next.ended.size > ENDED_KEPT) {
    const oldest = next.ended.first();
    if (oldest === undefined) return next;
    next = withGuest(next, oldest.subject, undefined);
  }
  return next;
}
