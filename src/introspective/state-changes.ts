import type { SubjectMap } from "../monitor/subject-map.ts";
import type { Guest, ShortTimeout } from "./guest.ts";
import { type Entry, emptyIndex, reindexed } from "./guest-index.ts";
import type { IntrospectiveState } from "./state.ts";

/** The state with another guest under this UUID, or none. */
export function withGuest(state: IntrospectiveState, uuid: string, guest: Guest | undefined): IntrospectiveState {
  const before = entryOf(state, uuid);
  if (before.guest === guest) return state;
  const index = reindexed(state.index, uuid, before, { ...before, guest });
  return { ...state, guests: withValue(state.guests, uuid, guest), index };
}

/** The state with another response time-out under this UUID, or none. */
export function withShortTimeout(
  state: IntrospectiveState,
  uuid: string,
  short: ShortTimeout | undefined,
): IntrospectiveState {
  const before = entryOf(state, uuid);
  const index = reindexed(state.index, uuid, before, { ...before, short });
  return { ...state, shortTimeouts: withValue(state.shortTimeouts, uuid, short), index };
}

/** The state with other reports of the guest with this UUID, or none. @param reports when they were, mono */
export function withReports(
  state: IntrospectiveState,
  uuid: string,
  reports: readonly number[] | undefined,
): IntrospectiveState {
  const before = entryOf(state, uuid);
  const index = reindexed(state.index, uuid, before, { ...before, reports });
  return { ...state, reports: withValue(state.reports, uuid, reports), index };
}

/** The state with its index rebuilt from everything in it. */
export function withIndex(state: IntrospectiveState): IntrospectiveState {
  let index = emptyIndex;
  const nothing: Entry = { guest: undefined, short: undefined, reports: undefined };
  const uuids = [state.guests, state.shortTimeouts, state.reports].flatMap((map) => [...map.keys()]);
  for (const uuid of new Set(uuids)) index = reindexed(index, uuid, nothing, entryOf(state, uuid));
  return { ...state, index };
}

function entryOf({ guests, shortTimeouts, reports }: IntrospectiveState, uuid: string): Entry {
  return { guest: guests.get(uuid), short: shortTimeouts.get(uuid), reports: reports.get(uuid) };
}

function withValue<Value>(map: SubjectMap<Value>, uuid: string, value: Value | undefined): SubjectMap<Value> {
  return value === undefined ? map.delete(uuid) : map.set(uuid, value);
}
