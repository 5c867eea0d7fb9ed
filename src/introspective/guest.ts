import type { Activity, Agent } from "./observation.ts";

/**
 * Upstream's states of a guest. discovery: has not answered yet, so failed pings mean nothing. healthy: the last ping was
 * answered. error: it was not. reported: it is given up, and Masakari is notified unless `unsent`; the next response leads back to discovery.
 */
export type Phase = "discovery" | "healthy" | "error" | "reported";

/** Something under way. What is void has been overtaken by events: that it ends counts, its result does not. */
interface Task {
  readonly void: boolean;
}

export interface Ping extends Task {
  /** mono */
  readonly began: number;
  /** It went in the lane for guests that did not answer the last time. */
  readonly suspect: boolean;
}

/** `before`: what the guest's activity is at its first failed ping. `verdict`: whether it is reported. */
export interface Examination extends Task {
  readonly purpose: "before" | "verdict";
}

/** Another client's command that was with a guest's agent at a ping; the agent has not answered since. */
export interface Occupation {
  /** When the first such ping began, mono. */
  readonly since: number;
  /** libvirt's name of the call that it is, e.g. `remoteDispatchDomainFSFreeze`; empty if libvirt does not name it. */
  readonly by: string;
}

/** `[notifications] shadow` was set, or `max_reports` was reached. */
export type Unsent = "shadow" | "max_reports";

export interface Guest {
  readonly uuid: string;
  /** Of its UUID: spreads the guests' pings over the interval. */
  readonly hash: number;
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
  /** Why its last pings mean nothing about it. */
  readonly unclear: string | undefined;
  readonly phase: Phase;
  /** Failed pings in a row, and how many of the last ones were not answered. */
  readonly failures: number;
  readonly unresponsive: number;
  /** Its last ping took all its time, and so may the next one: it goes into the lane of such guests. */
  readonly suspected: boolean;
  /** As long as it lasts, and is not too long, failed pings do not count. */
  readonly occupied: Occupation | undefined;
  /** When it was seen to start, mono; undefined if that was before this monitor watched. */
  readonly startedAt: number | undefined;
  /** Masakari has been notified since it was started. */
  readonly alreadyNotified: boolean;
  /** Why Masakari does not receive the report of a guest that is `reported`; undefined if it does. */
  readonly unsent: Unsent | undefined;
  /** When the next ping is due, mono. */
  readonly due: number;
  readonly ping: Ping | undefined;
  readonly examination: Examination | undefined;
  /** Its activity at the first failed ping. */
  readonly activity: Activity | undefined;
}

/** A guest whose response time-out in libvirt may be another than libvirt's own, and so is to be reset some day. */
export interface ShortTimeout {
  readonly uuid: string;
  readonly name: string;
  /** A call about it is under way. */
  readonly isBeingSet: boolean;
  /** That call resets it. */
  readonly resets: boolean;
  /** A reset failed, and that is in the log. */
  readonly logged: boolean;
  /** Not to be reset before, mono. */
  readonly due: number;
}

/** A guest of which nothing is known but its name. */
export function newGuest(uuid: string, name: string): Guest {
  return {
    uuid,
    hash: hashOf(uuid),
    name,
    id: -1,
    running: false,
    agent: "unknown",
    unmatched: undefined,
    fault: undefined,
    unclear: undefined,
    phase: "discovery",
    failures: 0,
    unresponsive: 0,
    suspected: false,
    occupied: undefined,
    startedAt: undefined,
    alreadyNotified: false,
    unsent: undefined,
    due: 0,
    ping: undefined,
    examination: undefined,
    activity: undefined,
  };
}

/** Of a UUID: spreads the pings of guests over the interval. */
export function hashOf(uuid: string): number {
  let hash = 0;
  for (const character of uuid) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0;
  return hash;
}

/** A guest's response time-out that may be short, with no call about it under way. */
export function shortTimeout(uuid: string, name: string): ShortTimeout {
  return { uuid, name, isBeingSet: false, resets: false, logged: false, due: 0 };
}
