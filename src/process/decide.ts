import { decideBy } from "../monitor/decision.ts";
import { SubjectMap } from "../monitor/subject-map.ts";
import { heldIn, pausedIn } from "./decide/conditions.ts";
import type { Context } from "./decide/context.ts";
import { onCommandEnd, onExit, onSighting, onSystemdAnswer } from "./decide/entry.ts";
import { entriesAfterEdit, entriesAtStart, rememberedAfterReboot } from "./decide/list.ts";
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
 */
export const decide = decideBy<ProcessState, ProcessObservation, ProcessEffect, ProcessSettings>({
  rebooted(state, given) {
    const remembered = rememberedAfterReboot(state, Object.assign(given, { host: state }));
    return { ...state, settings: undefined, remembered };
  },
  started(state, observation, given) {
    const host = hostAt(observation);
    const context: Context = Object.assign(given, { host });
    const entries = entriesAtStart(state, observation.entries, context);
    context.act({ kind: "scan" });
    // Whether it answers at all is known before anything depends on it.
    if (host.systemd.present) context.act({ kind: "askSystemd", key: "", unit: undefined });
    const { bootedAt, systemd, pauses } = host;
    return takePauses(
      { ...state, bootedAt, systemd, entries, remembered: new SubjectMap(), pauses: [] },
      pauses,
      context,
    );
  },
  observed: (state, observation, given) => observe(state, observation, Object.assign(given, { host: state })),
  afterEach(state, before, observation, context) {
    for (const [condition, problemOf] of CONDITIONS) {
      const problem = problemOf(state);
      if (observation.kind === "started" || problem !== problemOf(before)) context.setCondition(condition, problem);
    }
    if (!isCaughtUp(before) && isCaughtUp(state)) context.caughtUp();
    return state;
  },
});

function observe(
  state: ProcessState,
  observation: Exclude<ProcessObservation, { kind: "started" | "settingsChanged" }>,
  context: Context,
): ProcessState {
  switch (observation.kind) {
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
      if (state.entries.has(observation.key)) context.effects.push({ kind: "scan" });
      return state;
  }
}

/**
 * Each entry has been looked at, and of one that an earlier run has notified it is known that it is still down: its start commands
 * have not helped, or something stands against them.
 */
function isCaughtUp({ entries }: ProcessState): boolean {
  return entries.values().every(({ phase }) => {
    if (phase.name === "unchecked") return false;
    return phase.name === "failed" || notifiedAtOf(phase) === undefined || heldByOf(phase) !== undefined;
  });
}

function hostAt(started: Extract<ProcessObservation, { kind: "started" }>): Context["host"] {
  const { bootedAt, systemd, pauses } = started;
  return { bootedAt, systemd: { present: systemd, answers: false }, pauses };
}

function eachEntry(state: ProcessState, change: (entry: EntryState) => EntryState): ProcessState {
  let { entries } = state;
  for (const entry of state.entries.values()) entries = entries.set(entry.key, change(entry));
  return entries === state.entries ? state : { ...state, entries };
}
