import type { Decision } from "../monitor/contract.ts";
import { counted } from "../notify/plural.ts";
import { catchUp } from "./decide/catch-up.ts";
import { withConditions } from "./decide/conditions.ts";
import { applyAgentChange, applyChange, applyLook, lookAgain } from "./decide/lifecycle.ts";
import { endPing } from "./decide/ping-result.ts";
import { endSetting, interruptCalls, keepResponseTimeouts } from "./decide/response-timeout.ts";
import { schedule } from "./decide/schedule.ts";
import { type Effect, say, supersedeReport, type Turn } from "./decide/turn.ts";
import { endExamination } from "./decide/verdict.ts";
import type { Guest } from "./guest.ts";
import type { GuestSeen, IntrospectiveEffect, IntrospectiveObservation, PingOutcome } from "./observation.ts";
import type { IntrospectiveState } from "./state.ts";
import { withGuest, withIndex } from "./state-changes.ts";

/**
 * The decisions of the introspective monitor. Each guest by itself goes discovery → healthy → error → reported → discovery;
 * they share only the few lanes for pings.
 */
export function decide(
  state: IntrospectiveState,
  observation: IntrospectiveObservation,
): Decision<IntrospectiveState, IntrospectiveEffect> {
  const settings = "settings" in observation ? observation.settings : state.settings;
  // Nothing has a meaning before the first `started`.
  if (!settings) return { state, effects: [] };
  const effects: Effect[] = [];
  let { runs } = state;
  const turn: Turn = { at: observation.at, settings, effects, nextRun: () => ++runs };
  const observed = catchUp(observe(state, observation, turn), observation, turn);
  const next = withConditions(schedule(keepResponseTimeouts(observed, turn), turn), turn);
  return { state: next === state ? state : { ...next, settings, runs }, effects };
}

function observe(state: IntrospectiveState, observation: IntrospectiveObservation, turn: Turn): IntrospectiveState {
  switch (observation.kind) {
    case "started":
      return applyStart(state, observation.bootId, turn);
    case "settingsChanged":
      return { ...state, settings: turn.settings, timeoutsRefused: false };
    case "surveyed":
      return applySurvey(state, observation.guests, turn);
    case "lost":
      return disconnectedState(state);
    case "looked": {
      const { guest } = observation;
      return withGuest(state, guest.uuid, applyLook(state.guests.get(guest.uuid), guest, turn));
    }
    case "guestChanged": {
      const { uuid, name, what } = observation;
      return withGuest(state, uuid, applyChange(state.guests.get(uuid), uuid, name, what, turn));
    }
    case "agentChanged": {
      const { uuid, connected } = observation;
      return withGuest(state, uuid, applyAgentChange(state.guests.get(uuid), uuid, connected, turn));
    }
    case "pinged": {
      const guest = state.guests.get(observation.uuid);
      if (guest?.ping?.run !== observation.run) return state;
      const { outcome, detail } = observation;
      const next = withGuest(state, guest.uuid, withoutRemnant(endPing(guest, turn, outcome, detail)));
      return withDenial(next, outcome, detail, turn);
    }
    case "examined": {
      const guest = state.guests.get(observation.uuid);
      if (guest?.examination?.run !== observation.run) return state;
      const ended = endExamination(state, guest, observation.findings, turn);
      return withGuest(ended.state, guest.uuid, withoutRemnant(ended.guest));
    }
    case "responseTimeoutSet":
      return endSetting(state, observation, turn);
    case "woke":
      if (!lookAgain(observation.key, turn)) return { ...state, wakeAt: undefined };
      return state;
  }
}

/** A program's start, or sensing that begins anew in the same one: nothing is under way. */
function applyStart(state: IntrospectiveState, bootId: string, turn: Turn): IntrospectiveState {
  let { guests, reports, shortTimeouts } = state;
  if (state.bootId !== "" && state.bootId !== bootId) {
    for (const guest of guests.values()) supersedeReport(guest, turn, "ended with a reboot of this host");
    guests = new Map();
    reports = new Map();
    shortTimeouts = new Map();
  }
  const { settings } = turn;
  const known = { ...state, bootId, guests, reports, shortTimeouts, settings };
  return disconnectedState({ ...known, denied: false, timeoutsRefused: false });
}

/** Without a connection; pings that failed before do not count with those afterwards. */
function disconnectedState(state: IntrospectiveState): IntrospectiveState {
  const guests = new Map<string, Guest>();
  for (const guest of state.guests.values()) {
    // What is left of a guest that has stopped is the ping that has ended with the connection.
    if (isRemnant(guest)) continue;
    const phase = guest.phase === "error" ? "healthy" : guest.phase;
    guests.set(guest.uuid, {
      ...guest,
      phase,
      running: false,
      failures: 0,
      unresponsive: 0,
      activity: undefined,
      ping: undefined,
      examination: undefined,
    });
  }
  return withIndex({
    ...state,
    connected: false,
    inDoubt: undefined,
    guests,
    shortTimeouts: interruptCalls(state.shortTimeouts),
    wakeAt: undefined,
  });
}

function applySurvey(state: IntrospectiveState, seen: readonly GuestSeen[], turn: Turn): IntrospectiveState {
  const present = new Set(seen.map(({ uuid }) => uuid));
  let next: IntrospectiveState = { ...state, connected: true };
  for (const { uuid, name } of state.guests.values()) {
    if (present.has(uuid)) continue;
    const absent = { uuid, name, id: -1, running: false, agent: "none" } as const;
    next = withGuest(next, uuid, applyLook(next.guests.get(uuid), absent, turn));
  }
  for (const guest of seen) next = withGuest(next, guest.uuid, applyLook(next.guests.get(guest.uuid), guest, turn));
  const watched = seen.filter(({ agent }) => agent !== "none").length;
  const unmatched = seen.filter((guest) => guest.unmatched !== undefined).length;
  const others = unmatched === 0 ? "" : `; ${unmatched} have channels that qemu_guest_agent_sock_path does not match`;
  say(
    turn,
    "info",
    `watching ${counted(watched, "guest")} with an agent channel, of ${seen.length} that are active${others}`,
  );
  return next;
}

/** The remnant of a guest that has stopped goes with the last thing that was under way for it. */
function withoutRemnant(guest: Guest): Guest | undefined {
  return isRemnant(guest) && !guest.ping && !guest.examination ? undefined : guest;
}

function isRemnant(guest: Guest): boolean {
  return guest.id === -1 && guest.agent === "none";
}

function withDenial(state: IntrospectiveState, outcome: PingOutcome, detail: string, turn: Turn): IntrospectiveState {
  if (outcome !== "denied" || state.denied) return state;
  say(
    turn,
    "error",
    `libvirt denies guest agent commands, so no guest is monitored: ${detail}. [libvirt] connection_uri must lead to the ` +
      "read-write socket, and this user must be allowed to use it",
  );
  return { ...state, denied: true };
}
