import type { Decision } from "../monitor/contract.ts";
import { heldIn, pausedIn } from "./decide/conditions.ts";
import type { Context, Effect } from "./decide/context.ts";
import { onCommandEnd, onExit, onSighting, onSystemdAnswer } from "./decide/entry.ts";
import { entriesAfterEdit, entriesAtStart } from "./decide/list.ts";
import { takePauses } from "./decide/pause.ts";
import type { ProcessEffect, ProcessObservation, ProcessSettings } from "./observation.ts";
import { type EntryState, heldByOf, notifiedAtOf, type ProcessState } from "./state.ts";

/** What `status` shows of the entries, beside what is sensed. */
const CONDITIONS = [
  [{ name: "held processes", consequence: "down, but neither restarted nor notified for now" }, heldIn],
  [{ name: "paused processes", consequence: "planned work, neither restarted nor notified" }, pausedIn],
] as const;

/**
 * Entries are independent of one another, and each goes
 * unchecked → (starting → verifying) → up → settling → restarting → verifying → (waiting → restarting …) → up or failed,
 * and before each start, round and notification through asking (→ held → resettling) → clear.
 * Returns the very same state if nothing has changed.
 */
export function decide(state: ProcessState, observation: ProcessObservation): Decision<ProcessState, ProcessEffect> {
  const settings = "settings" in observation ? observation.settings : state.settings;
  // Nothing has a meaning before the first `started`.
  if (!settings) return { state, effects: [] };
  const effects: Effect[] = [];
  let { runs } = state;
  const host = observation.kind === "started" ? hostAt(observation) : state;
  const context: Context = { at: observation.at, settings, host, effects, nextRun: () => ++runs };
  const next = observe(state, observation, context, settings);
  for (const [condition, problemOf] of CONDITIONS) {
    const problem = problemOf(next);
    if (observation.kind === "started" || problem !== problemOf(state)) {
      effects.push({ kind: "setCondition", condition, problem });
    }
  }
  if (!isCaughtUp(state) && isCaughtUp(next)) effects.push({ kind: "caughtUp" });
  return { state: next === state && runs === state.runs ? state : { ...next, runs }, effects };
}

function observe(
  state: ProcessState,
  observation: ProcessObservation,
  context: Context,
  settings: ProcessSettings,
): ProcessState {
  switch (observation.kind) {
    case "started": {
      const { bootId } = observation;
      const { bootedAt, systemd } = hostAt(observation);
      const entries = entriesAtStart(state, bootId, observation.entries, context);
      context.effects.push({ kind: "scan" });
      // Whether it answers at all is known before anything depends on it.
      if (systemd.present) context.effects.push({ kind: "askSystemd", key: "", unit: undefined });
      const { pauses } = observation;
      const started = { ...state, bootId, bootedAt, systemd, settings, entries, remembered: [], pauses: [] };
      return takePauses(started, pauses, context);
    }
    case "settingsChanged":
      return { ...state, settings };
    case "entriesChanged":
      context.effects.push({ kind: "scan" });
      return { ...state, entries: entriesAfterEdit(state.entries, observation.entries, context) };
    case "seen": {
      const decided = observation.sightings.filter(({ undecided }) => !undecided);
      const byKey = new Map(decided.map((sighting) => [sighting.key, sighting]));
      return eachEntry(state, (entry) => {
        const sighting = byKey.get(entry.key);
        return sighting ? onSighting(entry, sighting, context) : entry;
      });
    }
    case "exited": {
      const { pid, startTime } = observation.process;
      return eachEntry(state, (entry) => {
        const { phase } = entry;
        const its = phase.name === "up" && phase.process.pid === pid && phase.process.startTime === startTime;
        return its ? onExit(entry, context) : entry;
      });
    }
    case "commandEnded":
      return eachEntry(state, (entry) => {
        const { phase } = entry;
        if (!("run" in phase) || phase.run !== observation.run) return entry;
        const { succeeded, summary } = observation;
        return onCommandEnd(entry, { stage: phase.stage, succeeded, summary }, context);
      });
    case "systemd": {
      const { key, answer } = observation;
      const answers = state.systemd.answers || answer !== undefined;
      const known = answers === state.systemd.answers ? state : { ...state, systemd: { ...state.systemd, answers } };
      return eachEntry(known, (entry) => (entry.key === key ? onSystemdAnswer(entry, answer, context) : entry));
    }
    case "unitFound": {
      const { key, process, unit } = observation;
      return eachEntry(state, (entry) => {
        const { phase, foundUnit } = entry;
        const its = entry.key === key && phase.name === "up" && phase.process.pid === process.pid;
        return its && foundUnit !== unit ? { ...entry, foundUnit: unit } : entry;
      });
    }
    case "pausesChanged":
      return takePauses(state, observation.pauses, context);
    case "woke":
      // Whatever an entry waited for, the process table has the answer.
      if (state.entries.some((entry) => entry.key === observation.key)) context.effects.push({ kind: "scan" });
      return state;
  }
}

/**
 * Each entry has been looked at, and of one that an earlier run has notified it is known that it is still down: its start commands
 * have not helped, or something stands against them.
 */
function isCaughtUp({ entries }: ProcessState): boolean {
  return entries.every(({ phase }) => {
    if (phase.name === "unchecked") return false;
    return phase.name === "failed" || notifiedAtOf(phase) === undefined || heldByOf(phase) !== undefined;
  });
}

function hostAt(started: Extract<ProcessObservation, { kind: "started" }>): Context["host"] {
  const { bootedAt, systemd, pauses } = started;
  return { bootedAt, systemd: { present: systemd, answers: false }, pauses };
}

function eachEntry(state: ProcessState, change: (entry: EntryState) => EntryState): ProcessState {
  const entries = state.entries.map(change);
  return entries.some((entry, index) => entry !== state.entries[index]) ? { ...state, entries } : state;
}
