import type { Activity, Agent, IntrospectiveSettings } from "./observation.ts";

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

export interface Guest {
  readonly uuid: string;
  readonly name: string;
  /** libvirt's number of this start of it. */
  readonly id: number;
  readonly running: boolean;
  /** `unknown`: it is being looked up. */
  readonly agent: Agent | "unknown";
  readonly phase: Phase;
  /** Failed pings in a row, and how many of the last ones were silence. */
  readonly failures: number;
  readonly silent: number;
  /** Its last ping took all its time, and so may the next one: it goes into the lane of such guests. */
  readonly suspected: boolean;
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

export interface IntrospectiveState {
  /** The boot of this host that the guests are of; empty if not known. */
  readonly bootId: string;
  /** Undefined until the first `started`. */
  readonly settings: IntrospectiveSettings | undefined;
  readonly connected: boolean;
  readonly guests: ReadonlyMap<string, Guest>;
  /** When guests were reported, by uuid, mono; kept for `report_window` if reports are limited. */
  readonly reports: ReadonlyMap<string, readonly number[]>;
  /** Pings and examinations so far: tells the end of one from that of a forgotten one. */
  readonly runs: number;
  /** The wake that is set, mono. */
  readonly wakeAt: number | undefined;
  /** libvirt denies agent commands, and the operator has been told. */
  readonly denied: boolean;
}

export const initialState: IntrospectiveState = {
  bootId: "",
  settings: undefined,
  connected: false,
  guests: new Map(),
  reports: new Map(),
  runs: 0,
  wakeAt: undefined,
  denied: false,
};

/** A guest of which nothing is known but its name. */
export function newGuest(uuid: string, name: string): Guest {
  return {
    uuid,
    name,
    id: -1,
    running: false,
    agent: "unknown",
    phase: "discovery",
    failures: 0,
    silent: 0,
    suspected: false,
    startedAt: undefined,
    told: false,
    due: 0,
    ping: undefined,
    examination: undefined,
    activity: undefined,
  };
}

const SAVED_VERSION = 1;

/** What of a guest outlasts the monitor: that it has answered, and what Masakari was told. Failures are counted afresh. */
type SavedGuest = Pick<Guest, "uuid" | "name" | "id" | "phase" | "suspected" | "told"> & {
  readonly startedAt: number | null;
};

/** What is saved of a state: it changes only when a guest first answers, ceases to, is reported, or recovers. */
export function keptOf(state: IntrospectiveState): unknown {
  const guests: SavedGuest[] = [];
  for (const { uuid, name, id, phase, suspected, told, startedAt } of state.guests.values()) {
    if (phase === "discovery" && !told && !suspected) continue;
    const lasting = phase === "error" ? "healthy" : phase;
    guests.push({ uuid, name, id, phase: lasting, suspected, told, startedAt: startedAt ?? null });
  }
  return { version: SAVED_VERSION, bootId: state.bootId, guests, reports: [...state.reports] };
}

/** The state that an earlier run saved, or undefined if it is not of this shape. */
export function restoreState(saved: unknown): IntrospectiveState | undefined {
  const kept = saved as { version?: unknown; bootId?: unknown; guests?: unknown; reports?: unknown } | null | undefined;
  if (typeof kept !== "object" || kept === null || kept.version !== SAVED_VERSION) return undefined;
  if (typeof kept.bootId !== "string" || !Array.isArray(kept.guests) || !Array.isArray(kept.reports)) return undefined;
  if (!kept.guests.every(isSavedGuest) || !kept.reports.every(isReports)) return undefined;
  const guests = new Map<string, Guest>();
  for (const { startedAt, ...one } of kept.guests as SavedGuest[]) {
    guests.set(one.uuid, { ...newGuest(one.uuid, one.name), ...one, startedAt: startedAt ?? undefined });
  }
  return { ...initialState, bootId: kept.bootId, guests, reports: new Map(kept.reports) };
}

function isSavedGuest(one: Partial<SavedGuest> | null): boolean {
  return (
    typeof one?.uuid === "string" &&
    typeof one.name === "string" &&
    typeof one.id === "number" &&
    PHASES.has(String(one.phase)) &&
    typeof one.suspected === "boolean" &&
    typeof one.told === "boolean" &&
    (one.startedAt === null || typeof one.startedAt === "number")
  );
}

function isReports(one: unknown): one is [string, number[]] {
  return (
    Array.isArray(one) &&
    typeof one[0] === "string" &&
    Array.isArray(one[1]) &&
    one[1].every((time) => typeof time === "number")
  );
}
