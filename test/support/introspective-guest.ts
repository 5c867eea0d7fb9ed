import type { PingOutcome } from "../../src/introspective/observation.ts";

/** A guest as it really is. */
export interface RealGuest {
  readonly uuid: string;
  /** A new one with each start; -1 while it is off. */
  id: number;
  paused: boolean;
  /** No command is answered. */
  hung: boolean;
  /** Somebody holds the channel open in it. */
  open: boolean;
  /** There is such a channel. */
  channel: boolean;
  /** libvirt's name of another client's call that is with its agent. */
  occupiedBy: string | undefined;
  migrating: boolean;
  requests: number;
  /** libvirt trusts its agent: the last command succeeded, so there is no guest-sync before the next one. */
  inSync: boolean;
  /** Seconds that libvirt waits for its agent, if not its own time. Outlasts its end, and is read by a call alone. */
  responseTimeout: number | undefined;
  everHung: boolean;
  /** When it began or ceased to hang, mono. */
  changedAt: number;
  /** When anything about it last changed, mono. */
  touchedAt: number;
}

/** What a ping comes to, and after how long. */
export interface Fate {
  readonly ms: number;
  readonly outcome: PingOutcome;
  /** libvirt's words, where they matter. */
  readonly detail?: string;
}

/** libvirt's own guest-sync before a command, if the last one failed. */
const SYNC_MS = 5000;
/** How long libvirt has a command wait for another one to the same agent. */
const JOB_WAIT_MS = 30_000;
export const RESPONSE_MS = 2;

/** A guest that runs, with an agent that answers. */
export function newRealGuest(uuid: string, id: number): RealGuest {
  return {
    uuid,
    id,
    paused: false,
    hung: false,
    open: true,
    channel: true,
    occupiedBy: undefined,
    migrating: false,
    requests: 0,
    inSync: false,
    responseTimeout: undefined,
    everHung: false,
    changedAt: 0,
    touchedAt: 0,
  };
}

/** What a ping of it comes to, by libvirt's rules. @param timeout s */
export function costOf(real: RealGuest | undefined, timeout: number): Fate {
  if (!real || real.id === -1 || real.paused) return { ms: 1, outcome: "gone" };
  if (!real.channel) return { ms: 1, outcome: "noChannel" };
  // libvirt waits for the one before it first, whatever becomes of the channel meanwhile.
  if (real.occupiedBy !== undefined) return { ms: JOB_WAIT_MS, outcome: "occupied" };
  if (!real.open) return { ms: 1, outcome: "disconnected" };
  if (!real.hung) return { ms: RESPONSE_MS, outcome: "responded" };
  const syncMs = real.responseTimeout === undefined ? SYNC_MS : real.responseTimeout * 1000;
  return { ms: real.inSync ? timeout * 1000 : syncMs, outcome: "unresponsive" };
}
