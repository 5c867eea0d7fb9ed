import { SubjectOrder } from "../monitor/subject-order.ts";
import type { Guest, ShortTimeout } from "./guest.ts";

/**
 * What decisions look for among all guests, kept up to date guest by guest, so that no decision walks through all of them.
 * Each is a set of guests' UUIDs, in an order.
 */
export interface GuestIndex {
  /** To be pinged, by when they are due: those whose last ping was answered in time, the others, and of those the ones that rest. */
  readonly well: SubjectOrder;
  readonly suspected: SubjectOrder;
  readonly resting: SubjectOrder;
  /** With a ping under way: all, those in a lane for suspected guests, and of those the ones that rest. */
  readonly pinging: SubjectOrder;
  readonly pingingSuspected: SubjectOrder;
  readonly pingingResting: SubjectOrder;
  /** With a channel that the pattern matches; with other channels only; unreadable; pinged without a clear result. */
  readonly matched: SubjectOrder;
  readonly unmatched: SubjectOrder;
  readonly unreadable: SubjectOrder;
  readonly unclear: SubjectOrder;
  /** Response time-outs: to be shortened; shortened for a good reason; to be reset, by when; with a call under way. */
  readonly toShorten: SubjectOrder;
  readonly shortened: SubjectOrder;
  readonly toReset: SubjectOrder;
  readonly setting: SubjectOrder;
  /** Reported lately, by when that was last. */
  readonly reported: SubjectOrder;
}

type Name = keyof GuestIndex;
/** A guest's number in each set; undefined where it is not in it. */
type Places = Readonly<Record<Name, number | undefined>>;

export const emptyIndex: GuestIndex = {
  well: SubjectOrder.empty,
  suspected: SubjectOrder.empty,
  resting: SubjectOrder.empty,
  pinging: SubjectOrder.empty,
  pingingSuspected: SubjectOrder.empty,
  pingingResting: SubjectOrder.empty,
  matched: SubjectOrder.empty,
  unmatched: SubjectOrder.empty,
  unreadable: SubjectOrder.empty,
  unclear: SubjectOrder.empty,
  toShorten: SubjectOrder.empty,
  shortened: SubjectOrder.empty,
  toReset: SubjectOrder.empty,
  setting: SubjectOrder.empty,
  reported: SubjectOrder.empty,
};

const NAMES = Object.keys(emptyIndex) as readonly Name[];

/** What is known under one UUID. */
export interface Entry {
  readonly guest: Guest | undefined;
  readonly short: ShortTimeout | undefined;
  /** When it was reported, mono. */
  readonly reports: readonly number[] | undefined;
}

/** The index after what is known under `uuid` has changed. */
export function reindexed(index: GuestIndex, uuid: string, before: Entry, after: Entry): GuestIndex {
  const [from, to] = [placesOf(before), placesOf(after)];
  let next: Record<Name, SubjectOrder> | undefined;
  for (const name of NAMES) {
    const [left, entered] = [from[name], to[name]];
    if (left === entered) continue;
    next ??= { ...index };
    if (left !== undefined) next[name] = next[name].without(uuid, left);
    if (entered !== undefined) next[name] = next[name].with(uuid, entered);
  }
  return next ?? index;
}

/** A reported guest, or one that has not answered yet, rests while it does not answer: that it still does not changes nothing. */
export function isResting({ suspected, phase, occupied }: Guest): boolean {
  return suspected && (phase === "reported" || phase === "discovery" || occupied !== undefined);
}

function placesOf({ guest, short, reports }: Entry): Places {
  const ping = guest?.ping;
  const due = guest && !ping && wantsPing(guest) ? guest.due : undefined;
  const rests = guest !== undefined && isResting(guest);
  const isSuspect = ping?.suspect === true;
  const isShort = guest !== undefined && isToBeShort(guest);
  const resetAt = short?.isBeingSet === false ? short.due : undefined;
  return {
    well: guest?.suspected ? undefined : due,
    suspected: guest?.suspected && !rests ? due : undefined,
    resting: rests ? due : undefined,
    pinging: member(ping !== undefined),
    pingingSuspected: member(isSuspect),
    pingingResting: member(isSuspect && rests),
    matched: member(guest !== undefined && guest.agent !== "none" && guest.agent !== "unknown"),
    unmatched: member(guest?.unmatched !== undefined),
    unreadable: member(guest?.fault !== undefined),
    unclear: member(guest !== undefined && (guest.occupied !== undefined || guest.unclear !== undefined)),
    toShorten: member(isShort && short === undefined),
    shortened: isShort ? resetAt : undefined,
    toReset: isShort ? undefined : resetAt,
    setting: member(short?.isBeingSet === true),
    reported: reports?.at(-1),
  };
}

/** A place in a set whose order is that of the UUIDs. */
function member(is: boolean): number | undefined {
  return is ? 0 : undefined;
}

/** A closed channel is pinged only where the failure counts; when it opens, an event comes. */
function wantsPing({ running, agent, examination, phase }: Guest): boolean {
  if (!running || examination) return false;
  return agent === "connected" || (agent === "disconnected" && (phase === "healthy" || phase === "error"));
}

/** Its next pings decide whether it is reported, and would take libvirt's 5 s each. */
function isToBeShort({ running, phase, agent, suspected, occupied }: Guest): boolean {
  return running && phase === "error" && agent === "connected" && suspected && !occupied;
}
