import { type DecisionContext, decideBy } from "../monitor/decision.ts";
import { SubjectMap } from "../monitor/subject-map.ts";
import { countOf } from "../system/plural.ts";
import { type Context, subjectOf } from "./decide/context.ts";
import { applyEvent, whyIgnored } from "./decide/event.ts";
import { applyOnCrash } from "./decide/lifecycle.ts";
import { applySnapshot } from "./decide/snapshot.ts";
import { applyLoggedEnd } from "./decide/unexplained.ts";
import type { InstanceEffect, InstanceObservation, InstanceSettings } from "./observation.ts";
import { type Guest, type InstanceState, isEnded, withGuest, withGuests } from "./state.ts";

const ENDED_KEPT = 200;

/**
 * The decisions of the instance monitor. Events are notified by upstream's table; beside that the state of each domain is kept,
 * so that what was missed in a gap can be notified after it.
 */
export const decide = decideBy<InstanceState, InstanceObservation, InstanceEffect, InstanceSettings>({
  /** It has ended every guest; their users decide which of them run again, and where. */
  rebooted(state, context) {
    for (const uuid of state.guests.keys()) context.supersede(subjectOf(uuid), "this host has been rebooted since");
    return { ...withGuests(state, new SubjectMap()), complete: false };
  },
  started: (state) => ({ ...state, looking: false }),
  observed: (state, observation, context) => observe(state, observation, contextOf(state, observation, context)),
});

function contextOf(
  { complete, looking }: InstanceState,
  observation: InstanceObservation,
  context: DecisionContext<InstanceSettings, InstanceEffect>,
): Context {
  return Object.assign(context, { complete, looking, again: observation.kind === "snapshot" && observation.again });
}

function observe(
  state: InstanceState,
  observation: Exclude<InstanceObservation, { kind: "started" | "settingsChanged" }>,
  context: Context,
): InstanceState {
  switch (observation.kind) {
    case "connected":
      context.count("libvirt_connections");
      return withGuests(state, withoutExpected(state.guests));
    case "looking":
      return { ...state, looking: true };
    case "lost":
      return { ...state, looking: false };
    case "event": {
      const { guest: name, event, number } = observation;
      const before = state.guests.get(name.uuid);
      const after = applyEvent(before, name, event, number, context);
      if (!context.effects.some(({ kind }) => kind === "notify")) {
        context.count("events_ignored", { reason: whyIgnored(event, before) });
      }
      return afterEvent(state, name.uuid, after);
    }
    case "snapshot": {
      const guests = applySnapshot(state.guests, observation.looks, observation.after, context);
      const active = [...guests.values()].filter((guest) => guest.state !== "SHUTOFF").length;
      context.log(
        observation.again ? "debug" : "info",
        `watching ${countOf(guests.size, "guest")} of libvirt, ${active} of them active`,
      );
      context.caughtUp();
      return { ...withGuests(state, guests), complete: true, looking: false };
    }
    case "onCrash": {
      const before = state.guests.get(observation.uuid);
      if (before === undefined) return state;
      return afterEvent(state, observation.uuid, applyOnCrash(before, observation.uuid, observation.action, context));
    }
    case "loggedEnd": {
      const { uuid, end } = observation;
      const before = state.guests.get(uuid);
      return before === undefined ? state : afterEvent(state, uuid, applyLoggedEnd(before, uuid, end, context));
    }
    case "woke":
      return state;
  }
}

/**
 * An event that a look came before cannot come over another connection, and another libvirtd does not go on with what an
 * earlier one was at. A guest that crashed stays notified until it ends.
 */
function withoutExpected(guests: SubjectMap<Guest>): SubjectMap<Guest> {
  const without = (guest: Guest): Guest => {
    const alreadyNotified = guest.state === "CRASHED" ? guest.alreadyNotified : null;
    if (guest.alreadyNotified === alreadyNotified && !guest.panicEvent) return guest;
    return { ...guest, alreadyNotified, panicEvent: false };
  };
  return [...guests].reduce((changed, [uuid, guest]) => changed.set(uuid, without(guest)), guests);
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
