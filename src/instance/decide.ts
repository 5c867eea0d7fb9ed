import type { Decision } from "../monitor/contract.ts";
import { counted } from "../notify/plural.ts";
import { eventSeen } from "./decide/event.ts";
import { onCrashKnown } from "./decide/lifecycle.ts";
import { snapshotSeen } from "./decide/snapshot.ts";
import { type Effect, say, supersede, type Turn } from "./decide/turn.ts";
import { endRead } from "./decide/unexplained.ts";
import type { InstanceEffect, InstanceObservation } from "./observation.ts";
import { type Guest, type InstanceState, isOff } from "./state.ts";

const ENDED_KEPT = 200;

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
  const { complete, looking } = state;
  const again = observation.kind === "snapshot" && observation.again;
  const turn: Turn = { at: observation.at, settings, complete, looking, again, effects };
  return { state: observe(state, observation, turn), effects };
}

function observe(state: InstanceState, observation: InstanceObservation, turn: Turn): InstanceState {
  switch (observation.kind) {
    case "started":
      return startedWith(state, observation.bootId, turn);
    case "settingsChanged":
      return { ...state, settings: observation.settings };
    case "connected":
      return { ...state, guests: withoutExpected(state.guests) };
    case "looking":
      return { ...state, looking: true };
    case "lost":
      return { ...state, looking: false };
    case "event": {
      const { guest: name, event, number } = observation;
      const before = state.guests.get(name.uuid);
      return withGuest(state, name.uuid, before, eventSeen(before, name, event, number, turn));
    }
    case "snapshot": {
      const guests = snapshotSeen(state.guests, observation.looks, observation.after, turn);
      const active = [...guests.values()].filter((guest) => guest.state !== "SHUTOFF").length;
      say(
        turn,
        observation.again ? "debug" : "info",
        `watching ${counted(guests.size, "guest")} of libvirt, ${active} of them active`,
      );
      turn.effects.push({ kind: "caughtUp" });
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
    case "loggedEnd": {
      const { uuid, end } = observation;
      const before = state.guests.get(uuid);
      return before === undefined ? state : withGuest(state, uuid, before, endRead(before, uuid, end, turn));
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

/** Whether libvirt has probably forgotten it; the next look is to tell. */
function isEnded(guest: Guest): boolean {
  return guest.transient && isOff(guest);
}

/** Where looks are rare and transient guests are many, what is kept of those that have ended must not grow. */
function forgetOldest(guests: Map<string, Guest>): void {
  const ended = [...guests].filter(([, guest]) => isEnded(guest));
  for (const [uuid] of ended.slice(0, -ENDED_KEPT)) guests.delete(uuid);
}

/**
 * An event that a look came before cannot come over another connection, and another libvirtd does not go on with what an
 * earlier one was at. What is left of a panic stays told until it ends.
 */
function withoutExpected(guests: ReadonlyMap<string, Guest>): ReadonlyMap<string, Guest> {
  const without = (guest: Guest): Guest => {
    const told = guest.state === "CRASHED" ? guest.told : null;
    return guest.told === told && !guest.panicHeard ? guest : { ...guest, told, panicHeard: false };
  };
  return new Map([...guests].map(([uuid, guest]) => [uuid, without(guest)]));
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
  if (after !== undefined && after !== before && isEnded(after)) forgetOldest(guests);
  return { ...state, guests };
}
