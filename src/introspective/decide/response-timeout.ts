import { type ShortTimeout, shortTimeout } from "../guest.ts";
import type { SettingOutcome } from "../observation.ts";
import type { IntrospectiveState } from "../state.ts";
import { withShortTimeout } from "../state-changes.ts";
import { type Context, displayName, startCall } from "./context.ts";

const RETRY = "reset response time-outs";
const RETRY_MS = 60_000;
/** Each takes one of the connection's few places for a moment, which pings would otherwise have. */
const AT_ONCE = 2;

/**
 * After each observation: has libvirt wait no longer than `suspect_response_timeout` for the agents of guests whose report
 * depends on it, and its own time for all others again. What is to be reset is in the state before it is shortened, and
 * stays there until libvirt has confirmed the reset, or that there is no such domain.
 */
export function keepResponseTimeouts(state: IntrospectiveState, context: Context): IntrospectiveState {
  const { suspect_response_timeout: seconds } = context.settings;
  const { toReset: resets, shortened, toShorten } = state.index;
  const isNothingToDo = resets.size === 0 && shortened.size === 0 && toShorten.size === 0;
  if (!state.connected || isNothingToDo) return state;
  let next = state;
  const hasRoom = (): boolean => next.index.setting < AT_ONCE;
  for (let uuid = toReset(next, context); uuid !== undefined && hasRoom(); uuid = toReset(next, context)) {
    const short = next.shortTimeouts.get(uuid);
    if (!short) break;
    startCall({ kind: "setResponseTimeout", uuid, seconds: undefined }, context);
    next = withShortTimeout(next, uuid, { ...short, isBeingSet: true, resets: true });
  }
  if (seconds === 0 || state.timeoutsRefused || !hasRoom()) return next;
  for (const uuid of next.index.toShorten.take(AT_ONCE - next.index.setting)) {
    const guest = next.guests.get(uuid);
    if (!guest) continue;
    startCall({ kind: "setResponseTimeout", uuid, seconds }, context);
    next = withShortTimeout(next, uuid, { ...shortTimeout(uuid, guest.name), isBeingSet: true });
    context.log(
      "info",
      `${displayName(guest)}: agent response time-out set to ${seconds} s in libvirt until it answers or is reported`,
    );
  }
  return next;
}

/** The first guest whose response time-out is to be libvirt's own again, and may be reset now. */
function toReset({ index }: IntrospectiveState, { at, settings }: Context): string | undefined {
  const orders = settings.suspect_response_timeout === 0 ? [index.toReset, index.shortened] : [index.toReset];
  const first = orders.map((order) => order.first()).find((place) => place !== undefined && place.at <= at.mono);
  return first?.subject;
}

/** The end of a call that sets a guest's response time-out. */
export function endSetting(
  state: IntrospectiveState,
  { uuid, outcome, detail }: { uuid: string; outcome: SettingOutcome; detail: string },
  context: Context,
): IntrospectiveState {
  const short = state.shortTimeouts.get(uuid);
  if (!short?.isBeingSet) return state;
  const ended: ShortTimeout = { ...short, isBeingSet: false };
  if (outcome === "gone") return withShortTimeout(state, uuid, undefined);
  if (!short.resets) return endShortening(state, ended, outcome, detail, context);
  if (outcome === "done") {
    context.log("info", `${displayName(short)}: agent response time-out reset in libvirt`);
    return withShortTimeout(state, uuid, undefined);
  }
  if (!short.logged) {
    const byHand = `virsh guest-agent-timeout ${uuid} --timeout -2`;
    const text = `resetting its agent response time-out in libvirt failed, retrying each minute: ${detail}`;
    context.log("warning", `${displayName(short)}: ${text}. By hand: ${byHand}`);
  }
  context.wake(RETRY, RETRY_MS);
  return withShortTimeout(state, uuid, { ...ended, logged: true, due: context.at.mono + RETRY_MS });
}

/** No call is under way any more; its result is not known. All are looked after again once there is a connection. */
export function interruptCalls(timeouts: IntrospectiveState["shortTimeouts"]): IntrospectiveState["shortTimeouts"] {
  return [...timeouts].reduce((all, [uuid, short]) => all.set(uuid, { ...short, isBeingSet: false, due: 0 }), timeouts);
}

function endShortening(
  state: IntrospectiveState,
  short: ShortTimeout,
  outcome: SettingOutcome,
  detail: string,
  context: Context,
): IntrospectiveState {
  // Whether it is short is not known if libvirt has not answered; then it is reset as if it were.
  if (outcome !== "refused") return withShortTimeout(state, short.uuid, short);
  if (!state.timeoutsRefused) {
    const meaning =
      "each ping of a guest that does not answer takes libvirt's 5 s, as without suspect_response_timeout";
    context.log("warning", `libvirt refuses to set response time-outs of guest agents (${meaning}): ${detail}`);
  }
  return { ...withShortTimeout(state, short.uuid, undefined), timeoutsRefused: true };
}
