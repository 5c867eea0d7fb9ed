import { boolean, type InferOutput, nullable, number, object, optional, picklist, string, unknown } from "valibot";
import { type Keep, type OnUnreadable, ofEach, readableRows, rowsOfList, type Saved } from "../monitor/kept.ts";
import { SubjectMap } from "../monitor/subject-map.ts";
import { conforming } from "../system/parse-json.ts";
import { type Guest, type InstanceState, initialState, withGuests } from "./state.ts";

/** Version 0.1.0 had 1, and the guests in a list. */
const SAVED_VERSION = 2;

/** What of a guest outlasts the monitor. */
const keptGuestRow = object({
  name: string(),
  id: number(),
  state: string(),
  reason: string(),
  transient: boolean(),
  incoming: boolean(),
  /** `alreadyNotified`. */
  told: nullable(string()),
  /** Only where it is true. */
  endUnknown: optional(boolean()),
});

type KeptGuest = Readonly<InferOutput<typeof keptGuestRow>>;

/** What is saved: an event that leaves its guest as it is writes nothing. */
export const kept: Keep<InstanceState> = {
  maps: { guests: ofEach(({ guests }) => guests, keptGuest) },
  rest: ({ bootId, complete }) => ({ version: SAVED_VERSION, bootId, complete }),
};

function keptGuest(guest: Guest): KeptGuest {
  const { name, id, state, reason, transient, incoming, alreadyNotified: told, endUnknown } = guest;
  return { name, id, state, reason, transient, incoming, told, ...(endUnknown ? { endUnknown } : {}) };
}

const savedRest = object({
  version: picklist([1, SAVED_VERSION]),
  bootId: string(),
  complete: boolean(),
  guests: optional(unknown()),
});

/** The state that an earlier run saved, or undefined if it is not of this shape. */
export function restoreState(
  { rest, maps }: Saved,
  onUnreadable: OnUnreadable = () => undefined,
): InstanceState | undefined {
  const known = conforming(savedRest, rest);
  if (known === undefined) return undefined;
  const rows = known.version === 1 ? rowsOfList(known.guests, "uuid") : (maps.guests ?? new Map<string, unknown>());
  if (rows === undefined) return undefined;
  const guests = readableRows("guests", rows, keptGuestRow, onUnreadable);
  // A guest that is not among these was not necessarily absent before: that it is off may long be known.
  const complete = known.complete && guests.length === rows.size;
  const restored = guests.map(([uuid, row]): [string, Guest] => [uuid, guestOf(row)]);
  return withGuests({ ...initialState, bootId: known.bootId, complete }, new SubjectMap(restored));
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
