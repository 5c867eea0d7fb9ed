import { SubjectOrder } from "../monitor/subject-order.ts";
import type { Guest, ShortTimeout } from "./guest.ts";

/** What decisions look for among all guests, kept up to date guest by guest, so that no decision walks through all of them. */
export type GuestIndex = Readonly<Record<Counted, number>> & Readonly<Record<Ordered, SubjectOrder>>;

/** How many guests there are of each of these. */
type Counted =
  /** With a ping under way: all, those in a lane for suspected guests, and of those the ones that rest. */
  | "pinging"
  | "pingingSuspected"
  | "pingingResting"
  /** With a channel that the pattern matches. */
  | "matched"
  /** With a call about the response time-out under way. */
  | "setting";

/** Sets of guests' UUIDs, in an order. */
type Ordered = Queue | Rare;
/** To be pinged, by when they are due: those whose last ping was answered in time, the others, and of those the ones that rest. */
type Queue = "well" | "suspected" | "resting";
type Rare =
  /** With other channels only; unreadable; pinged without a clear result. */
  | "unmatched"
  | "unreadable"
  | "unclear"
  /** Response time-outs: to be shortened; shortened for a good reason; to be reset, by when. */
  | "toShorten"
  | "shortened"
  | "toReset"
  /** Reported lately, by when that was last. */
  | "reported";

export const emptyIndex: GuestIndex = {
  ...{ pinging: 0, pingingSuspected: 0, pingingResting: 0, matched: 0, setting: 0 },
  ...{ well: SubjectOrder.empty, suspected: SubjectOrder.empty, resting: SubjectOrder.empty },
  ...{ unmatched: SubjectOrder.empty, unreadable: SubjectOrder.empty, unclear: SubjectOrder.empty },
  ...{ toShorten: SubjectOrder.empty, shortened: SubjectOrder.empty, toReset: SubjectOrder.empty },
  reported: SubjectOrder.empty,
};

/** What is known under one UUID. */
export interface Entry {
  readonly guest: Guest | undefined;
  readonly short: ShortTimeout | undefined;
  /** When it was reported, mono. */
  readonly reports: readonly number[] | undefined;
}

/** The index after what is known under `uuid` has changed. */
export function reindexed(index: GuestIndex, uuid: string, before: Entry, after: Entry): GuestIndex {
  const next: Record<Counted, number> & Record<Ordered, SubjectOrder> = { ...index };
  count(next, before, -1);
  count(next, after, 1);
  requeue(next, uuid, before.guest, after.guest);
  // Nearly all guests are in none of these, before and after.
  if (isOrdinary(before) && isOrdinary(after)) return next;
  const [from, to] = [placesOf(before), placesOf(after)];
  for (const name of RARE) {
    const [left, entered] = [from[name], to[name]];
    if (left === entered) continue;
    if (left !== undefined) next[name] = next[name].without(uuid, left);
    if (entered !== undefined) next[name] = next[name].with(uuid, entered);
  }
  return next;
}

function count(index: Record<Counted, number>, { guest, short }: Entry, change: 1 | -1): void {
  if (short?.isBeingSet) index.setting += change;
  if (guest === undefined) return;
  if (guest.agent !== "none" && guest.agent !== "unknown") index.matched += change;
  if (guest.ping === undefined) return;
  index.pinging += change;
  if (!guest.ping.suspect) return;
  index.pingingSuspected += change;
  if (isResting(guest)) index.pingingResting += change;
}

function requeue(
  index: Record<Queue, SubjectOrder>,
  uuid: string,
  before: Guest | undefined,
  after: Guest | undefined,
): void {
  const [left, entered] = [before && queueOf(before), after && queueOf(after)];
  if (left === entered && before?.due === after?.due) return;
  if (left !== undefined && before) index[left] = index[left].without(uuid, before.due);
  if (entered !== undefined && after) index[entered] = index[entered].with(uuid, after.due);
}

function queueOf(guest: Guest): Queue | undefined {
  if (guest.ping !== undefined || !wantsPing(guest)) return undefined;
  if (!guest.suspected) return "well";
  return isResting(guest) ? "resting" : "suspected";
}

/** A reported guest, or one that has not answered yet, rests while it does not answer: that it still does not changes nothing. */
export function isResting({ suspected, phase, occupied }: Guest): boolean {
  return suspected && (phase === "reported" || phase === "discovery" || occupied !== undefined);
}

/** Whether it is in none of the rare sets. */
function isOrdinary({ guest, short, reports }: Entry): boolean {
  if (short !== undefined || reports !== undefined) return false;
  if (guest === undefined) return true;
  const { unmatched, fault, occupied, unclear } = guest;
  const isClear = unmatched === undefined && fault === undefined && occupied === undefined && unclear === undefined;
  return isClear && !isToBeShort(guest);
}

/** A guest's number in each of the rare sets; undefined where it is not in it. */
function placesOf({ guest, short, reports }: Entry): Readonly<Record<Rare, number | undefined>> {
  const isShort = guest !== undefined && isToBeShort(guest);
  const resetAt = short?.isBeingSet === false ? short.due : undefined;
  return {
    unmatched: member(guest?.unmatched !== undefined),
    unreadable: member(guest?.fault !== undefined),
    unclear: member(guest !== undefined && (guest.occupied !== undefined || guest.unclear !== undefined)),
    toShorten: member(isShort && short === undefined),
    shortened: isShort ? resetAt : undefined,
    toReset: isShort ? undefined : resetAt,
    reported: reports?.at(-1),
  };
}

const RARE = Object.keys(placesOf({ guest: undefined, short: undefined, reports: undefined })) as readonly Rare[];

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
