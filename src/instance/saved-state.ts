import { type Keep, ofEach, rowsOfList, type Saved } from "../monitor/kept.ts";
import { SubjectMap } from "../monitor/subject-map.ts";
import { type Guest, type InstanceState, initialState, withGuests } from "./state.ts";

/** Version 0.1.0 had 1, and the guests in a list. */
const SAVED_VERSION = 2;

/** What of a guest outlasts the monitor. */
interface KeptGuest extends Pick<Guest, "name" | "id" | "state" | "reason" | "transient" | "incoming"> {
  /** `alreadyNotified`. */
  readonly told: string | null;
  /** Only where it is true. */
  readonly endUnknown?: boolean;
}

/** What is saved: an event that leaves its guest as it is writes nothing. */
export const kept: Keep<InstanceState> = {
  maps: { guests: ofEach(({ guests }) => guests, keptGuest) },
  rest: ({ bootId, complete }) => ({ version: SAVED_VERSION, bootId, complete }),
};

function keptGuest(guest: Guest): KeptGuest {
  const { name, id, state, reason, transient, incoming, alreadyNotified: told, endUnknown } = guest;
  return { name, id, state, reason, transient, incoming, told, ...(endUnknown ? { endUnknown } : {}) };
}

/** The state that an earlier run saved, or undefined if it is not of this shape. */
export function restoreState({ rest, maps }: Saved): InstanceState | undefined {
  const saved = rest as { [K in "version" | "bootId" | "complete" | "guests"]?: unknown } | null | undefined;
  if (typeof saved !== "object" || saved === null) return undefined;
  const { version, bootId, complete } = saved;
  if (typeof bootId !== "string" || typeof complete !== "boolean") return undefined;
  if (version !== 1 && version !== SAVED_VERSION) return undefined;
  const rows = version === 1 ? rowsOfList(saved.guests, "uuid") : (maps.guests ?? new Map());
  if (rows === undefined) return undefined;
  const guests: [string, Guest][] = [];
  for (const [uuid, row] of rows) {
    if (!isKeptGuest(row)) return undefined;
    guests.push([uuid, guestOf(row)]);
  }
  return withGuests({ ...initialState, bootId, complete }, new SubjectMap(guests));
}

function guestOf({ name, id, state, reason, transient, incoming, told, endUnknown }: KeptGuest): Guest {
  return {
    ...{ name, id, state, reason, transient, incoming },
    alreadyNotified: told,
    endUnknown: endUnknown === true,
    panicEvent: false,
    lastEvent: 0,
    recent: {},
    gone: false,
  };
}

function isKeptGuest(one: unknown): one is KeptGuest {
  const guest = one as Partial<Record<keyof KeptGuest, unknown>> | null;
  return (
    typeof guest?.name === "string" &&
    typeof guest.id === "number" &&
    typeof guest.state === "string" &&
    typeof guest.reason === "string" &&
    typeof guest.transient === "boolean" &&
    typeof guest.incoming === "boolean" &&
    (guest.told === null || typeof guest.told === "string")
  );
}
