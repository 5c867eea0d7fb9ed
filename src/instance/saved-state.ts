import { SubjectMap } from "../monitor/subject-map.ts";
import { type Guest, type InstanceState, initialState, withGuests } from "./state.ts";

const SAVED_VERSION = 1;

/** What of a guest outlasts the monitor. */
interface KeptGuest extends Pick<Guest, "name" | "id" | "state" | "reason" | "transient" | "incoming"> {
  readonly uuid: string;
  /** `alreadyNotified`. */
  readonly told: string | null;
  /** Only where it is true. */
  readonly endUnknown?: boolean;
}

/** What is saved of a state: an event that leaves every guest as it is writes nothing. */
export function keptOf({ bootId, complete, guests }: InstanceState): unknown {
  const kept = [...guests].map(([uuid, guest]): KeptGuest => {
    const { name, id, state, reason, transient, incoming, alreadyNotified: told, endUnknown } = guest;
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
  const entries = guests.map(({ uuid, told: alreadyNotified, endUnknown, ...guest }): [string, Guest] => [
    uuid,
    {
      ...guest,
      alreadyNotified,
      endUnknown: endUnknown === true,
      panicEvent: false,
      lastEvent: 0,
      recent: {},
      gone: false,
    },
  ]);
  return withGuests({ ...initialState, bootId, complete }, new SubjectMap(entries));
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
