import type { SettingOutcome } from "../observation.ts";
import { type Guest, type IntrospectiveState, type ShortTimeout, shortTimeout } from "../state.ts";
import { called, say, type Turn } from "./turn.ts";

const RETRY = "put response time-outs back";
const RETRY_MS = 60_000;
/** Each takes one of the connection's few places for a moment, which pings would otherwise have. */
const AT_ONCE = 2;

/**
 * After each observation: has libvirt wait no longer than `suspect_response_timeout` for the agents of guests whose report
 * depends on it, and its own time for all others again. What is to be put back is in the state before it is shortened, and
 * stays there until libvirt has confirmed that it is back, or that there is no such domain.
 */
export function keepResponseTimeouts(state: IntrospectiveState, turn: Turn): IntrospectiveState {
  const { suspect_response_timeout: seconds } = turn.settings;
  if (!state.connected || (seconds === 0 && state.shortTimeouts.size === 0)) return state;
  const next = new Map(state.shortTimeouts);
  let room = AT_ONCE;
  for (const { run } of next.values()) if (run !== undefined) room -= 1;
  const before = room;
  for (const short of state.shortTimeouts.values()) {
    if (room <= 0) break;
    if (short.run !== undefined || short.due > turn.at.mono) continue;
    if (isToBeShort(state.guests.get(short.uuid), turn)) continue;
    next.set(short.uuid, { ...short, run: set(short.uuid, undefined, turn), back: true });
    room -= 1;
  }
  for (const guest of state.timeoutsRefused ? [] : state.guests.values()) {
    if (room <= 0) break;
    if (next.has(guest.uuid) || !isToBeShort(guest, turn)) continue;
    next.set(guest.uuid, { ...shortTimeout(guest.uuid, guest.name), run: set(guest.uuid, seconds, turn) });
    say(
      turn,
      "info",
      `${called(guest)}: libvirt waits only ${seconds} s for its agent, until it answers or is reported`,
    );
    room -= 1;
  }
  return room === before ? state : { ...state, shortTimeouts: next };
}

/** The end of a call that sets a guest's response time-out. */
export function responseTimeoutSet(
  state: IntrospectiveState,
  { uuid, run, outcome, detail }: { uuid: string; run: number; outcome: SettingOutcome; detail: string },
  turn: Turn,
): IntrospectiveState {
  const short = state.shortTimeouts.get(uuid);
  if (short?.run !== run) return state;
  const ended: ShortTimeout = { ...short, run: undefined };
  if (outcome === "gone") return withTimeout(state, uuid, undefined);
  if (!short.back) return shortened(state, ended, outcome, detail, turn);
  if (outcome === "done") {
    say(turn, "info", `${called(short)}: libvirt waits its own time for its agent again`);
    return withTimeout(state, uuid, undefined);
  }
  if (!short.told) {
    const byHand = `virsh guest-agent-timeout ${uuid} --timeout -2`;
    const text = `libvirt's time for its agent could not be put back, and is tried again each minute: ${detail}`;
    say(turn, "warning", `${called(short)}: ${text}. By hand: ${byHand}`);
  }
  turn.effects.push({ kind: "wake", key: RETRY, afterMs: RETRY_MS });
  return withTimeout(state, uuid, { ...ended, told: true, due: turn.at.mono + RETRY_MS });
}

/** No call is under way any more; what came of it is not known. All are looked after again once there is a connection. */
export function interrupted(timeouts: IntrospectiveState["shortTimeouts"]): IntrospectiveState["shortTimeouts"] {
  return new Map([...timeouts].map(([uuid, short]) => [uuid, { ...short, run: undefined, due: 0 }]));
}

function shortened(
  state: IntrospectiveState,
  short: ShortTimeout,
  outcome: SettingOutcome,
  detail: string,
  turn: Turn,
): IntrospectiveState {
  // Whether it is short is not known if libvirt has not answered; then it is put back as if it were.
  if (outcome !== "refused") return withTimeout(state, short.uuid, short);
  if (!state.timeoutsRefused) {
    const meaning =
      "each ping of a guest that does not answer takes libvirt's 5 s, as without suspect_response_timeout";
    say(turn, "warning", `libvirt does not set response time-outs of guest agents (${meaning}): ${detail}`);
  }
  return { ...withTimeout(state, short.uuid, undefined), timeoutsRefused: true };
}

/** Its next pings decide whether it is reported, and would take libvirt's 5 s each. */
function isToBeShort(guest: Guest | undefined, { settings }: Turn): boolean {
  if (guest === undefined || settings.suspect_response_timeout === 0) return false;
  return guest.running && guest.phase === "error" && guest.agent === "connected" && guest.suspected && !guest.occupied;
}

function withTimeout(state: IntrospectiveState, uuid: string, short: ShortTimeout | undefined): IntrospectiveState {
  const shortTimeouts = new Map(state.shortTimeouts);
  if (short) shortTimeouts.set(uuid, short);
  else shortTimeouts.delete(uuid);
  return { ...state, shortTimeouts };
}

function set(uuid: string, seconds: number | undefined, turn: Turn): number {
  const run = turn.nextRun();
  turn.effects.push({ kind: "setResponseTimeout", uuid, run, seconds });
  return run;
}
