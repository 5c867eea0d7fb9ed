import { type EntryState, notifiedAtOf, type ProcessState, postponedReasonOf } from "../state.ts";

/** Brings `postponed` and `unconfirmed` up to date with the entries that have changed, as much work as those are. */
export function withSummary(state: ProcessState, before: ProcessState): ProcessState {
  if (state.entries === before.entries) return state;
  let { postponed, unconfirmed } = state;
  // Sorted, so that nothing depends on the order in which the entries have changed.
  for (const key of [...state.entries.changedSince(before.entries)].sort(byText)) {
    const entry = state.entries.get(key);
    const reason = entry && postponedReasonOf(entry.phase);
    postponed = reason === undefined ? postponed.delete(key) : postponed.set(key, reason);
    unconfirmed = entry && isUnconfirmed(entry) ? unconfirmed.set(key, true) : unconfirmed.delete(key);
  }
  if (postponed === state.postponed && unconfirmed === state.unconfirmed) return state;
  return { ...state, postponed, unconfirmed };
}

/**
 * Whether the entry has not been looked at, or an earlier run has notified it and it is not known yet that it is still down: its start
 * commands have not failed, and nothing prevents them.
 */
function isUnconfirmed({ phase }: EntryState): boolean {
  if (phase.name === "unchecked") return true;
  return phase.name !== "failed" && notifiedAtOf(phase) !== undefined && postponedReasonOf(phase) === undefined;
}

function byText(one: string, other: string): number {
  return one < other ? -1 : 1;
}
