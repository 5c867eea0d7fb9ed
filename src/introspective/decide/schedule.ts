import type { Guest, IntrospectiveState } from "../state.ts";
import { nextTurn, type Turn } from "./turn.ts";

const WAKE = "due";
/**
 * A guest whose silence changes nothing is asked every third time only: a hung agent holds a worker of libvirt's for 5 s, an
 * occupied one for 30.
 */
const RESTING_TURNS = 3;

/**
 * Pings whoever is due, as far as the lanes allow. A ping of a guest that is well takes milliseconds, one of a hung guest
 * seconds; so those that did not answer the last time have one lane of their own, and more only as long as one stays free.
 */
export function schedule(state: IntrospectiveState, turn: Turn): IntrospectiveState {
  if (!state.connected) return state;
  const waiting: Guest[] = [];
  let earliest = Number.POSITIVE_INFINITY;
  const lanes = new Lanes(turn);
  for (const guest of state.guests.values()) {
    if (guest.ping) lanes.take(guest, guest.ping.suspect);
    else if (!wantsPing(guest)) continue;
    else if (guest.due <= turn.at.mono) waiting.push(guest);
    else earliest = Math.min(earliest, guest.due);
  }
  const begun = new Map<string, Guest>();
  for (const guest of waiting.sort(inTurnAt(turn))) {
    if (!lanes.hasRoomFor(guest)) continue;
    lanes.take(guest, guest.suspected);
    begun.set(guest.uuid, begin(guest, turn));
  }
  const pinging = begun.size > 0 ? { ...state, guests: new Map([...state.guests, ...begun]) } : state;
  return withWake(pinging, earliest, turn);
}

/** When a guest that was pinged at `began` (mono) is due again. */
export function dueAfter(guest: Guest, began: number, turn: Turn): number {
  if (!guest.suspected) return nextTurn(guest.uuid, began, turn);
  const interval = turn.settings.guest_monitoring_interval * 1000;
  // Never sooner than an interval after the last one, however late that was: failed rounds are as long as configured.
  return began + interval * (isResting(guest) ? RESTING_TURNS : 1);
}

/** A closed channel is asked only where the failure counts; that it opens is told by an event. */
function wantsPing({ running, agent, examination, phase }: Guest): boolean {
  if (!running || examination) return false;
  return agent === "connected" || (agent === "disconnected" && (phase === "healthy" || phase === "error"));
}

function isResting({ suspected, phase, occupied }: Guest): boolean {
  return suspected && (phase === "reported" || phase === "discovery" || occupied !== undefined);
}

/** The order at this time: by rank, and in it who has waited longest. */
function inTurnAt({ at, settings }: Turn): (one: Guest, other: Guest) => number {
  const interval = settings.guest_monitoring_interval * 1000;
  const rank = (guest: Guest): number => rankOf(guest, (at.mono - guest.due) / interval);
  return (one, other) => rank(one) - rank(other) || one.due - other.due || (one.uuid < other.uuid ? -1 : 1);
}

/**
 * Those that answer quickly first, then those whose report depends on it, then those that rest. Whoever has waited for a turn
 * of its own is before all who have waited less, so that nobody waits for ever where there are more guests than lanes can take.
 * @param overdue in intervals
 */
function rankOf(guest: Guest, overdue: number): number {
  if (!guest.suspected) return 0;
  const [turns, rank] = isResting(guest) ? [RESTING_TURNS, 2] : [1, 1];
  return overdue > turns ? 0 : rank;
}

function begin(guest: Guest, turn: Turn): Guest {
  const run = turn.nextRun();
  const { uuid } = guest;
  turn.effects.push({ kind: "ping", uuid, run, timeout: turn.settings.guest_monitoring_timeout });
  return { ...guest, ping: { run, void: false, began: turn.at.mono, suspect: guest.suspected } };
}

/** The agent commands under way: in all, for suspected guests, and for those of them that only rest. */
class Lanes {
  readonly #all: number;
  readonly #suspects: number;
  #taken = 0;
  #suspect = 0;
  #resting = 0;

  constructor({ settings: { max_agent_commands, max_suspect_commands } }: Turn) {
    this.#all = max_agent_commands;
    this.#suspects = Math.min(max_suspect_commands, max_agent_commands - 1);
  }

  take(guest: Guest, suspect: boolean): void {
    this.#taken += 1;
    if (!suspect) return;
    this.#suspect += 1;
    if (isResting(guest)) this.#resting += 1;
  }

  hasRoomFor(guest: Guest): boolean {
    if (this.#taken >= this.#all) return false;
    if (!guest.suspected) return true;
    if (this.#suspect === 0) return true;
    // The last free lane is for those that are well, so that others of them may go silent meanwhile without holding them up.
    if (this.#taken === this.#all - 1) return false;
    return this.#suspect < this.#suspects && !(isResting(guest) && this.#resting > 0);
  }
}

function withWake(state: IntrospectiveState, earliest: number, turn: Turn): IntrospectiveState {
  if (earliest === Number.POSITIVE_INFINITY || earliest === state.wakeAt) return state;
  turn.effects.push({ kind: "wake", key: WAKE, afterMs: earliest - turn.at.mono });
  return { ...state, wakeAt: earliest };
}
