import { decideBy } from "../monitor/decision.ts";
import { showPaused, showPostponed } from "./decide/conditions.ts";
import { type Context, contextOn, lookFor } from "./decide/context.ts";
import { onCommandEnd, onExit, onSighting, onSystemdStatus } from "./decide/entry.ts";
import { entriesAfterEdit, entriesAtStart, savedAfterReboot } from "./decide/list.ts";
import { takePauses } from "./decide/pause.ts";
import { withSummary } from "./decide/summary.ts";
import type { ProcessEffect, ProcessObservation, ProcessSettings } from "./observation.ts";
import { type EntryState, initialState, type ProcessState } from "./state.ts";

/** Observations that may change which entries there are, or which of them are paused. */
const CHANGES_PAUSED: ReadonlySet<ProcessObservation["kind"]> = new Set(["started", "entriesChanged", "pausesChanged"]);

/**
 * Entries are independent of one another, and each goes
 * unchecked → (starting → verifying) → up → settling → restarting → verifying → (waiting → restarting …) → up or failed,
 * and before each start, round and notification through asking (→ postponed → settlingAgain) → cleared.
 */
export const decide = decideBy<ProcessState, ProcessObservation, ProcessEffect, ProcessSettings>({
  rebooted: (state, decision) => ({
    ...state,
    settings: undefined,
    saved: savedAfterReboot(state, contextOn(decision, state)),
  }),
  started(state, observation, decision) {
    const { bootedAt, pauses } = observation;
    const systemd = { present: observation.systemd, responds: false };
    const context = contextOn(decision, { ...state, bootedAt, systemd });
    const entries = entriesAtStart(state, observation.entries, context);
    context.act({ kind: "scan" });
    // Whether it responds at all is known before anything depends on it.
    if (systemd.present) context.act({ kind: "askSystemd", key: "", unit: undefined });
    const { saved } = initialState;
    return takePauses({ ...state, bootedAt, systemd, entries, saved, pauses: new Map() }, pauses, context);
  },
  observed: (state, observation, decision) => observe(state, observation, contextOn(decision, state)),
  afterEach(state, before, { kind }, decision) {
    const context = contextOn(decision, state);
    const next = withSummary(state, before);
    if (kind === "started" || next.postponed !== before.postponed) showPostponed(next, context);
    if (CHANGES_PAUSED.has(kind)) showPaused(next, context);
    if (next.unconfirmed.size === 0 && (kind === "started" || before.unconfirmed.size > 0)) context.caughtUp();
    return next;
  },
});

function observe(
  state: ProcessState,
  observation: Exclude<ProcessObservation, { kind: "started" | "settingsChanged" }>,
  context: Context,
): ProcessState {
  switch (observation.kind) {
    case "entriesChanged":
      context.act({ kind: "scan" });
      return { ...state, entries: entriesAfterEdit(state.entries, observation.entries, context) };
    case "seen": {
      let next = state;
      for (const sighting of observation.sightings) {
        if (sighting.undecided) continue;
        next = changeEntry(next, sighting.key, (entry) => onSighting(entry, sighting, context));
      }
      return next;
    }
    case "exited": {
      const { pid, startTime } = observation.process;
      const exit = (entry: EntryState): EntryState => {
        const { phase } = entry;
        const isIts = phase.name === "up" && phase.process.pid === pid && phase.process.startTime === startTime;
        return isIts ? onExit(entry, context) : entry;
      };
      return observation.keys.reduce((next, key) => changeEntry(next, key, exit), state);
    }
    case "commandEnded": {
      const { key, run, succeeded, summary } = observation;
      return changeEntry(state, key, (entry) => {
        const { phase } = entry;
        if (!("run" in phase) || phase.run !== run) return entry;
        return onCommandEnd(entry, { stage: phase.stage, succeeded, summary }, context);
      });
    }
    case "systemd": {
      const { key, status } = observation;
      const responds = state.systemd.responds || status !== undefined;
      const known = responds === state.systemd.responds ? state : { ...state, systemd: { ...state.systemd, responds } };
      return changeEntry(known, key, (entry) => onSystemdStatus(entry, status, context));
    }
    case "unitFound": {
      const { key, process, unit } = observation;
      return changeEntry(state, key, (entry) => {
        const { phase, foundUnit } = entry;
        const isIts = phase.name === "up" && phase.process.pid === process.pid;
        return isIts && foundUnit !== unit ? { ...entry, foundUnit: unit } : entry;
      });
    }
    case "pausesChanged":
      return takePauses(state, observation.pauses, context);
    case "woke":
      // Whatever an entry waited for, the process table shows it.
      return changeEntry(state, observation.key, (entry) => {
        lookFor(entry, context);
        return entry;
      });
  }
}

function changeEntry(state: ProcessState, key: string, change: (entry: EntryState) => EntryState): ProcessState {
  const entry = state.entries.get(key);
  if (entry === undefined) return state;
  const entries = state.entries.set(key, change(entry));
  return entries === state.entries ? state : { ...state, entries };
}
