import type { Decision } from "../monitor/contract.ts";
import { eventSeen } from "./decide/event.ts";
import { onCrashKnown } from "./decide/lifecycle.ts";
import { snapshotSeen } from "./decide/snapshot.ts";
import { type Effect, say, supersede, type Turn } from "./decide/turn.ts";
import type { InstanceEffect, InstanceObservation } from "./observation.ts";
import type { Guest, InstanceState } from "./state.ts";

/**
 * The instance monitor's mind. Events are told by upstream's table; beside that the state of each domain is kept, so that
 * after a gap what the missed events would have told can be told. Returns the very same state if nothing has changed.
 */
export function decide(
  state: InstanceState,
  observation: InstanceObservation,
): Decision<InstanceState, InstanceEffect> {
  const settings = "settings" in observation ? observation.settings : state.settings;
  // Nothing has a meaning before the first `started`.
  if (!settings) return { state, effects: [] };
  const effects: Effect[] = [];
  const turn: Turn = { at: observation.at, settings, complete: state.complete, effects };
  return { state: observe(state, observation, turn), effects };
}

function observe(state: InstanceState, observation: InstanceObservation, turn: Turn): InstanceState {
  switch (observation.kind) {
    case "started":
      return startedWith(state, observation.bootId, turn);
    case "settingsChanged":
      return { ...state, settings: observation.settings };
    case "connected":
      return { ...state, looking: true };
    case "lost":
      say(
        turn,
        "error",
        `libvirt is away (${observation.reason}): nothing is seen of the guests until it is back; what dies meanwhile is ` +
          "found then",
      );
      return { ...state, looking: false };
    case "event": {
      const { guest: name, event, number } = observation;
      const before = state.guests.get(name.uuid);
      return withGuest(state, name.uuid, before, eventSeen(before, name, event, number, turn));
    }
    case "snapshot": {
      const guests = snapshotSeen(state.guests, observation.looks, observation.after, turn);
      const active = [...guests.values()].filter((guest) => guest.state !== "SHUTOFF").length;
      say(turn, "info", `watching ${guests.size} guests of libvirt, ${active} of them active`);
      return { ...state, guests, complete: true, looking: false };
    }
    case "onCrash": {
      const before = state.guests.get(observation.uuid);
      if (before === undefined) return state;
      return withGuest(
        state,
        observation.uuid,
        before,
        onCrashKnown(before, observation.uuid, observation.action, turn),
      );
    }
    case "woke":
      return state;
  }
}

/** Another boot of this host has ended every guest; whoever owns them decides which of them run again, and where. */
function startedWith(state: InstanceState, bootId: string, turn: Turn): InstanceState {
  const { settings } = turn;
  if (bootId !== "" && state.bootId === bootId) return { ...state, settings, looking: false };
  for (const uuid of state.guests.keys()) supersede(turn, uuid, "this host has been rebooted since");
  return { bootId, settings, complete: false, looking: false, guests: new Map() };
}

function withGuest(
  state: InstanceState,
  uuid: string,
  before: Guest | undefined,
  after: Guest | undefined,
): InstanceState {
  if (after === before) return state;
  const guests = new Map(state.guests);
  // Answers under way may still speak of one that is gone.
  if (after === undefined || (after.gone && !state.looking)) guests.delete(uuid);
  else guests.set(uuid, after);
  return { ...state, guests };
}
