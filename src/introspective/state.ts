import type { SubjectOrder } from "../monitor/subject-order.ts";
import { emptyIndex, type GuestIndex } from "./guest-index.ts";
import type { Activity, Agent, IntrospectiveSettings } from "./observation.ts";
import { withIndex } from "./state-changes.ts";

/**
 * Upstream's states of a guest. discovery: has not answered yet, so its silence means nothing. healthy: the last ping was
 * answered. error: it was not. reported: Masakari is told; the next answer leads back to discovery.
 */
export type Phase = "discovery" | "healthy" | "error" | "reported";

const PHASES: ReadonlySet<string> = new Set<Phase>(["discovery", "healthy", "error", "reported"]);

/** Something under way. What is void has been overtaken by events: that it ends counts, what it says does not. */
interface Errand {
  readonly run: number;
  readonly void: boolean;
}

export interface Ping extends Errand {
  /** mono */
  readonly began: number;
  /** It went in the lane for guests that did not answer the last time. */
  readonly suspect: boolean;
}

/** `before`: what the guest's activity is at its first failed ping. `verdict`: whether it is reported. */
export interface Examination extends Errand {
  readonly purpose: "before" | "verdict";
}

/** Another client's command that was with a guest's agent at a ping; the agent has not answered since. */
export interface Occupation {
  /** When the first such ping began, mono. */
  readonly since: number;
  /** libvirt's name of the call that it is, e.g. `remoteDispatchDomainFSFreeze`; empty if libvirt does not say. */
  readonly by: string;
}

export interface Guest {
  readonly uuid: string;
  readonly name: string;
  /** libvirt's number of this start of it. */
  readonly id: number;
  readonly running: boolean;
  /** `unknown`: it is being looked up. */
  readonly agent: Agent | "unknown";
  /** The path of a channel that the pattern does not match, if there is none that it does. */
  readonly unmatched: string | undefined;
  /** Why its state or XML could not be read. */
  readonly fault: string | undefined;
  /** Why its last pings say nothing about it. */
  readonly unclear: string | undefined;
  readonly phase: Phase;
  /** Failed pings in a row, and how many of the last ones were silence. */
  readonly failures: number;
  readonly silent: number;
  /** Its last ping took all its time, and so may the next one: it goes into the lane of such guests. */
  readonly suspected: boolean;
  /** As long as it lasts, and is not too long, failed pings do not count. */
  readonly occupied: Occupation | undefined;
  /** When it was seen to start, mono; undefined if that was before this monitor watched. */
  readonly startedAt: number | undefined;
  /** Masakari has been told since it was started. */
  readonly told: boolean;
  /** When the next ping is due, mono. */
  readonly due: number;
  readonly ping: Ping | undefined;
  readonly examination: Examination | undefined;
  /** Its activity at the first failed ping. */
  readonly activity: Activity | undefined;
}

/** A guest whose response time-out in libvirt may be another than libvirt's own, and so is to be put back some day. */
export interface ShortTimeout {
  readonly uuid: string;
  readonly name: string;
  /** The call about it that is under way. */
  readonly run: number | undefined;
  /** That call puts it back. */
  readonly back: boolean;
  /** Putting it back failed, and the operator has been told. */
  readonly told: boolean;
  /** Not to be put back before, mono. */
  readonly due: number;
}

export interface IntrospectiveState {
  /** The boot of this host that the guests are of; empty if not known. */
  readonly bootId: string;
  /** Undefined until the first `started`. */
  readonly settings: IntrospectiveSettings | undefined;
  readonly connected: boolean;
  /** Reported guests of which it is to be found out, since the last survey, whether that is still true. */
  readonly inDoubt: SubjectOrder | undefined;
  readonly guests: ReadonlyMap<string, Guest>;
  /** Follows from `guests`, `reports` and `shortTimeouts`: `state-changes.ts` keeps it so. */
  readonly index: GuestIndex;
  /** When guests were reported, by uuid, mono; kept for `report_window` if reports are limited. */
  readonly reports: ReadonlyMap<string, readonly number[]>;
  /** By uuid; whatever becomes of the guest. */
  readonly shortTimeouts: ReadonlyMap<string, ShortTimeout>;
  /** libvirt refuses to set response time-outs, and the operator has been told. */
  readonly timeoutsRefused: boolean;
  /** Pings, examinations and the like so far: tells the end of one from that of a forgotten one. */
  readonly runs: number;
  /** The wake that is set, mono. */
  readonly wakeAt: number | undefined;
  /** libvirt denies agent commands, and the operator has been told. */
  readonly denied: boolean;
  /** What was last found wrong, by condition. */
  readonly problems: ReadonlyMap<string, string>;
}

export const initialState: IntrospectiveState = {
  bootId: "",
  settings: undefined,
  connected: false,
  inDoubt: undefined,
  guests: new Map(),
  index: emptyIndex,
  reports: new Map(),
  shortTimeouts: new Map(),
  timeoutsRefused: false,
  runs: 0,
  wakeAt: undefined,
  denied: false,
  problems: new Map(),
};

/** A guest of which nothing is known but its name. */
export function newGuest(uuid: string, name: string): Guest {
  return {
    uuid,
    name,
    id: -1,
    running: false,
    agent: "unknown",
    unmatched: undefined,
    fault: undefined,
    unclear: undefined,
    phase: "discovery",
    failures: 0,
    silent: 0,
    suspected: false,
    occupied: undefined,
    startedAt: undefined,
    told: false,
    due: 0,
    ping: undefined,
    examination: undefined,
    activity: undefined,
  };
}

/** A guest's response time-out that may be short, with no call about it under way. */
export function shortTimeout(uuid: string, name: string): ShortTimeout {
  return { uuid, name, run: undefined, back: false, told: false, due: 0 };
}

const SAVED_VERSION = 1;

/** What of a guest outlasts the monitor: that it has answered, and what Masakari was told. Failures are counted afresh. */
type SavedGuest = Pick<Guest, "uuid" | "name" | "id" | "phase" | "suspected" | "told"> & {
  readonly startedAt: number | null;
  /** Absent if it is not, and in what an earlier version has saved. */
  readonly occupied?: Occupation;
};

/** libvirt keeps a time-out over every restart of the monitor, and of its own: so must the knowledge that it is short. */
type SavedTimeout = Pick<ShortTimeout, "uuid" | "name">;

/** What is saved of a state: it changes only when a guest first answers, ceases to, is reported, or recovers. */
export function keptOf(state: IntrospectiveState): unknown {
  const guests: SavedGuest[] = [];
  for (const { uuid, name, id, phase, suspected, told, startedAt, occupied } of state.guests.values()) {
    if (phase === "discovery" && !told && !suspected) continue;
    const lasting = phase === "error" ? "healthy" : phase;
    const saved = { uuid, name, id, phase: lasting, suspected, told, startedAt: startedAt ?? null };
    guests.push(occupied ? { ...saved, occupied } : saved);
  }
  const shortTimeouts: SavedTimeout[] = [...state.shortTimeouts.values()].map(({ uuid, name }) => ({ uuid, name }));
  return { version: SAVED_VERSION, bootId: state.bootId, guests, reports: [...state.reports], shortTimeouts };
}

interface Saved {
  readonly version: number;
  readonly bootId: string;
  readonly guests: readonly SavedGuest[];
  readonly reports: readonly [string, number[]][];
  /** Absent in what an earlier version has saved. */
  readonly shortTimeouts?: readonly SavedTimeout[];
}

/** The state that an earlier run saved, or undefined if it is not of this shape. */
export function restoreState(saved: unknown): IntrospectiveState | undefined {
  if (!isSaved(saved)) return undefined;
  const guests = new Map<string, Guest>();
  for (const { startedAt, ...one } of saved.guests) {
    guests.set(one.uuid, { ...newGuest(one.uuid, one.name), ...one, startedAt: startedAt ?? undefined });
  }
  const shortTimeouts = new Map<string, ShortTimeout>();
  for (const { uuid, name } of saved.shortTimeouts ?? []) shortTimeouts.set(uuid, shortTimeout(uuid, name));
  return withIndex({ ...initialState, bootId: saved.bootId, guests, reports: new Map(saved.reports), shortTimeouts });
}

function isSaved(saved: unknown): saved is Saved {
  const kept = saved as Partial<Record<keyof Saved, unknown>> | null | undefined;
  if (typeof kept !== "object" || kept === null || kept.version !== SAVED_VERSION) return false;
  const { bootId, guests, reports, shortTimeouts = [] } = kept;
  return (
    typeof bootId === "string" &&
    isArrayOf(guests, isSavedGuest) &&
    isArrayOf(reports, isReports) &&
    isArrayOf(shortTimeouts, isSavedTimeout)
  );
}

function isArrayOf(value: unknown, isOne: (one: never) => boolean): boolean {
  return Array.isArray(value) && value.every((one) => isOne(one as never));
}

function isSavedTimeout(one: Partial<SavedTimeout> | null): boolean {
  return typeof one?.uuid === "string" && typeof one.name === "string";
}

function isSavedGuest(one: Partial<SavedGuest> | null): boolean {
  return (
    typeof one?.uuid === "string" &&
    typeof one.name === "string" &&
    typeof one.id === "number" &&
    PHASES.has(String(one.phase)) &&
    typeof one.suspected === "boolean" &&
    typeof one.told === "boolean" &&
    (one.startedAt === null || typeof one.startedAt === "number") &&
    (one.occupied === undefined || isOccupation(one.occupied))
  );
}

function isOccupation(one: Partial<Occupation> | null): boolean {
  return typeof one?.since === "number" && typeof one.by === "string";
}

function isReports(one: unknown): one is [string, number[]] {
  return (
    Array.isArray(one) &&
    typeof one[0] === "string" &&
    Array.isArray(one[1]) &&
    one[1].every((time) => typeof time === "number")
  );
}
