import { decideBy } from "../monitor/decision.ts";
import { SubjectMap } from "../monitor/subject-map.ts";
import { countOf } from "../system/plural.ts";
import { catchUp } from "./decide/catch-up.ts";
import { withConditions } from "./decide/conditions.ts";
import { type Context, supersedeReport } from "./decide/context.ts";
import { applyAgentChange, applyChange, applyLook, lookAgain } from "./decide/lifecycle.ts";
import { endPing } from "./decide/ping-result.ts";
import { endSetting, interruptCalls, keepResponseTimeouts } from "./decide/response-timeout.ts";
import { schedule } from "./decide/schedule.ts";
import { endExamination } from "./decide/verdict.ts";
import type { Guest } from "./guest.ts";
import {
  CONNECTION,
  type GuestSeen,
  type IntrospectiveEffect,
  type IntrospectiveObservation,
  type IntrospectiveSettings,
  type PingOutcome,
} from "./observation.ts";
import type { IntrospectiveState } from "./state.ts";
import { withGuest, withIndex } from "./state-changes.ts";

/**
 * The decisions of the introspective monitor. Each guest by itself goes discovery → healthy → error → reported → discovery;
 * they share only the few lanes for pings.
 */
export const decide = decideBy<
  IntrospectiveState,
  IntrospectiveObservation,
  IntrospectiveEffect,
  IntrospectiveSettings
>({
  rebooted(state, context) {
    for (const guest of state.guests.values()) supersedeReport(guest, context, "ended with a reboot of this host");
    return withIndex({
      ...state,
      guests: new SubjectMap(),
      reports: new SubjectMap(),
      shortTimeouts: new SubjectMap(),
    });
  },
  started: (state) => disconnectedState({ ...state, denied: false, timeoutsRefused: false }),
  settingsChanged: (state) => ({ ...state, timeoutsRefused: false }),
  observed: observe,
  afterEach(state, _, observation, context) {
    const observed = catchUp(state, observation, context);
    return withConditions(schedule(keepResponseTimeouts(observed, context), context), context);
  },
});

function observe(
  state: IntrospectiveState,
  observation: Exclude<IntrospectiveObservation, { kind: "started" | "settingsChanged" }>,
  context: Context,
): IntrospectiveState {
  switch (observation.kind) {
    case "surveyed":
      return applySurvey(state, observation.guests, context);
    case "lost":
      context.cancel(CONNECTION);
      return disconnectedState(state);
    case "looked": {
      const { guest } = observation;
      return withGuest(state, guest.uuid, applyLook(state.guests.get(guest.uuid), guest, context));
    }
    case "guestChanged": {
      const { uuid, name, what } = observation;
      return withGuest(state, uuid, applyChange(state.guests.get(uuid), uuid, name, what, context));
    }
    case "agentChanged": {
      const { uuid, connected } = observation;
      return withGuest(state, uuid, applyAgentChange(state.guests.get(uuid), uuid, connected, context));
    }
    case "pinged": {
      const guest = state.guests.get(observation.uuid);
      if (guest?.ping === undefined) return state;
      const { outcome, detail } = observation;
      const next = withGuest(state, guest.uuid, withoutRemnant(endPing(guest, context, outcome, detail)));
      return withDenial(next, outcome, detail, context);
    }
    case "examined": {
      const guest = state.guests.get(observation.uuid);
      if (guest?.examination === undefined) return state;
      const ended = endExamination(state, guest, observation.findings, context);
      return withGuest(ended.state, guest.uuid, withoutRemnant(ended.guest));
    }
    case "responseTimeoutSet":
      return endSetting(state, observation, context);
    case "woke":
      if (!lookAgain(observation.key, context)) return { ...state, wakeAt: undefined };
      return state;
  }
}

/** Without a connection; pings that failed before do not count with those afterwards. */
function disconnectedState(state: IntrospectiveState): IntrospectiveState {
  let { guests } = state;
  for (const guest of state.guests.values()) {
    // What is left of a guest that has stopped is the ping that has ended with the connection.
    if (isRemnant(guest)) {
      guests = guests.delete(guest.uuid);
      continue;
    }
    const phase = guest.phase === "error" ? "healthy" : guest.phase;
    guests = guests.set(guest.uuid, {
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

function applySurvey(state: IntrospectiveState, seen: readonly GuestSeen[], context: Context): IntrospectiveState {
  const present = new Set(seen.map(({ uuid }) => uuid));
  let next: IntrospectiveState = { ...state, connected: true };
  if (!state.connected) context.count("libvirt_connections");
  for (const { uuid, name } of state.guests.values()) {
    if (present.has(uuid)) continue;
    const absent = { uuid, name, id: -1, running: false, agent: "none" } as const;
    next = withGuest(next, uuid, applyLook(next.guests.get(uuid), absent, context));
  }
  for (const guest of seen) next = withGuest(next, guest.uuid, applyLook(next.guests.get(guest.uuid), guest, context));
  const watched = seen.filter(({ agent }) => agent !== "none").length;
  const unmatched = seen.filter((guest) => guest.unmatched !== undefined).length;
  const others = unmatched === 0 ? "" : `; ${unmatched} have channels that qemu_guest_agent_sock_path does not match`;
  context.log(
    "info",
    `watching ${countOf(watched, "guest")} with an agent channel, of ${seen.length} that are active${others}`,
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

function withDenial(
  state: IntrospectiveState,
  outcome: PingOutcome,
  detail: string,
  context: Context,
): IntrospectiveState {
  if (outcome !== "denied" || state.denied) return state;
  context.log(
    "error",
    `libvirt denies guest agent commands, so no guest is monitored: ${detail}. [libvirt] connection_uri must lead to the ` +
      "read-write socket, and this user must be allowed to use it",
  );
  return { ...state, denied: true };
}
