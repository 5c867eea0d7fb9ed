import type { InstanceSettings } from "./observation.ts";

/** What is known of one domain. */
export interface Guest {
  readonly name: string;
  readonly id: number;
  /** libvirt's words for its state and the reason, e.g. `RUNNING` and `BOOTED`. */
  readonly state: string;
  readonly reason: string;
  /** libvirt forgets it when it ends. Of one that no look has found yet it is a guess. */
  readonly transient: boolean;
  /** It is being migrated to this host and has not run here yet: what happens to it here does not happen to the guest. */
  readonly incoming: boolean;
  /** The `vir_domain_event` that this state needs no telling of any more; its event may still come on this connection. */
  readonly told: string | null;
  /** It ran, is off, and how it has ended is not known yet: QEMU's log is being read. */
  readonly endUnknown: boolean;
  /** libvirtd has told of its panic over this connection, and does what its `<on_crash>` says. Not kept. */
  readonly panicHeard: boolean;
  /** The number of the last event of this run of the program that told a state. Not kept. */
  readonly lastEvent: number;
  /** When (mono, ms) each notification that bursts can hold was sent last. Not kept. */
  readonly recent: Readonly<Record<string, number>>;
  /** Undefined meanwhile, and here only until the looks under way are through. Not kept. */
  readonly gone: boolean;
}

export interface InstanceState {
  /** The boot of this host that the guests are of; empty if not known. */
  readonly bootId: string;
  /** Undefined until the first `started`. */
  readonly settings: InstanceSettings | undefined;
  /** All domains of this host have been looked at once in this boot, so one that is not here is new. */
  readonly complete: boolean;
  /** The domains are being looked at. */
  readonly looking: boolean;
  /** By uuid. */
  readonly guests: ReadonlyMap<string, Guest>;
}

export const initialState: InstanceState = {
  bootId: "",
  settings: undefined,
  complete: false,
  looking: false,
  guests: new Map(),
};

const SAVED_VERSION = 1;

/** What of a guest outlasts the monitor. */
interface KeptGuest extends Pick<Guest, "name" | "id" | "state" | "reason" | "transient" | "incoming" | "told"> {
  readonly uuid: string;
  /** Only where it is true. */
  readonly endUnknown?: boolean;
}

/** What is saved of a state: an event that leaves every guest as it is writes nothing. */
export function keptOf({ bootId, complete, guests }: InstanceState): unknown {
  const kept = [...guests].map(([uuid, guest]): KeptGuest => {
    const { name, id, state, reason, transient, incoming, told, endUnknown } = guest;
    return { uuid, name, id, state, reason, transient, incoming, told, ...(endUnknown ? { endUnknown } : {}) };
  });
  return { version: SAVED_VERSION, bootId, complete, guests: kept };
}

/** The state that an earlier run saved, or undefined if it is not of this shape. */
export function restoreState(saved: unknown): InstanceState | undefined {
  const kept = saved as { [K in "version" | "bootId" | "complete" | "guests"]?: unknown } | null | undefined;
  if (typeof kept !== "object" || kept === null || kept.version !== SAVED_VERSION) return undefined;
  const { bootId, complete, guests } = kept;
  if (typeof bootId !== "string" || typeof complete !== "boolean" || !Array.isArray(guests)) return undefined;
  if (!guests.every(isKeptGuest)) return undefined;
  const entries = guests.map(({ uuid, ...guest }): [string, Guest] => [
    uuid,
    { ...guest, endUnknown: guest.endUnknown === true, panicHeard: false, lastEvent: 0, recent: {}, gone: false },
  ]);
  return { ...initialState, bootId, complete, guests: new Map(entries) };
}

function isKeptGuest(one: unknown): one is KeptGuest {
  const guest = one as Partial<Record<keyof KeptGuest, unknown>> | null;
  return (
    typeof guest?.uuid === "string" &&
    typeof guest.name === "string" &&
    typeof guest.id === "number" &&
    typeof guest.state === "string" &&
    typeof guest.reason === "string" &&
    typeof guest.transient === "boolean" &&
    typeof guest.incoming === "boolean" &&
    (guest.told === null || typeof guest.told === "string")
  );
}

/** Whether it has no QEMU. */
export function isOff(guest: Pick<Guest, "state">): boolean {
  return guest.state === "SHUTOFF";
}
