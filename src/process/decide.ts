import type { Decision } from "../monitor/contract.ts";
import { arrive } from "./decide/arrive.ts";
import { died, settlingSeen, upSeen } from "./decide/death.ts";
import { entriesAfterEdit, entriesAtStart } from "./decide/list.ts";
import { unitStateKnown } from "./decide/owner.ts";
import { restartingSeen, restartStageEnded, waitingSeen } from "./decide/rounds.ts";
import { beginStart, startingSeen, startStageEnded } from "./decide/start.ts";
import { counted, type Effect, type Turn } from "./decide/turn.ts";
import { verifyingSeen } from "./decide/verify.ts";
import type { ProcessEffect, ProcessObservation, ProcessSettings, Sighting } from "./observation.ts";
import type { EntryState, ProcessState } from "./state.ts";

/** A process that only contains the name of one that was given up is its recovery when it has lived so long. */
const LASTING_MS = 60_000;

/**
 * The process monitor's mind: entries are independent of one another, and each goes
 * unseen → (starting → verifying) → up → settling → restarting → verifying → (waiting → restarting …) → up or failed.
 * Returns the very same state if nothing has changed.
 */
export function decide(state: ProcessState, observation: ProcessObservation): Decision<ProcessState, ProcessEffect> {
  const settings = "settings" in observation ? observation.settings : state.settings;
  // Nothing has a meaning before the first `started`.
  if (!settings) return { state, effects: [] };
  const effects: Effect[] = [];
  let { runs } = state;
  const turn: Turn = { at: observation.at, settings, effects, nextRun: () => ++runs };
  const next = observe(state, observation, turn, settings);
  if (!isCaughtUp(state) && isCaughtUp(next)) effects.push({ kind: "caughtUp" });
  return { state: next === state && runs === state.runs ? state : { ...next, runs }, effects };
}

function observe(
  state: ProcessState,
  observation: ProcessObservation,
  turn: Turn,
  settings: ProcessSettings,
): ProcessState {
  switch (observation.kind) {
    case "started": {
      const { bootId } = observation;
      const entries = entriesAtStart(state, bootId, observation.entries, turn);
      turn.effects.push({ kind: "scan" });
      return { ...state, bootId, settings, entries, remembered: [] };
    }
    case "settingsChanged":
      return { ...state, settings };
    case "entriesChanged":
      turn.effects.push({ kind: "scan" });
      return { ...state, entries: entriesAfterEdit(state.entries, observation.entries, turn) };
    case "seen": {
      const byKey = new Map(observation.sightings.map((sighting) => [sighting.key, sighting]));
      return eachEntry(state, (entry) => (byKey.has(entry.key) ? seen(entry, byKey.get(entry.key), turn) : entry));
    }
    case "exited": {
      const { pid, startTime } = observation.process;
      return eachEntry(state, (entry) => {
        const { phase } = entry;
        const its = phase.name === "up" && phase.process.pid === pid && phase.process.startTime === startTime;
        return its ? died(entry, turn) : entry;
      });
    }
    case "commandEnded":
      return eachEntry(state, (entry) => {
        const { phase } = entry;
        if (!("run" in phase) || phase.run !== observation.run) return entry;
        const ended = { stage: phase.stage, succeeded: observation.succeeded, summary: observation.summary };
        return phase.name === "starting" ? startStageEnded(entry, turn, ended) : restartStageEnded(entry, turn, ended);
      });
    case "unitState":
      return eachEntry(state, (entry) =>
        entry.key === observation.key ? unitStateKnown(entry, observation.state, turn) : entry,
      );
    case "woke":
      // Whatever an entry waited for, the process table has the answer.
      if (state.entries.some((entry) => entry.key === observation.key)) turn.effects.push({ kind: "scan" });
      return state;
  }
}

/** Each entry has been looked at, and what was told of one has shown to be true still: the start commands were in vain, too. */
function isCaughtUp({ entries }: ProcessState): boolean {
  return entries.every(({ phase }) => {
    if (phase.name === "starting" || phase.name === "verifying") return phase.toldAt === undefined;
    return phase.name !== "unseen";
  });
}

function seen(entry: EntryState, sighting: Sighting | undefined, turn: Turn): EntryState {
  const { phase } = entry;
  switch (phase.name) {
    case "unseen": {
      const process = counted(entry, sighting, turn.at, { first: true });
      if (!process) return beginStart(entry, turn, phase.toldAt);
      return arrive(entry, sighting, process, turn, { text: "is running", afterRound: 0 });
    }
    case "up":
      return upSeen(entry, sighting, turn);
    case "settling":
      return settlingSeen(entry, sighting, turn);
    case "verifying":
      return verifyingSeen(entry, sighting, turn);
    case "waiting":
      return waitingSeen(entry, sighting, turn);
    case "failed": {
      // Whoever repairs it may run programs that have its name in their command line; they end soon.
      const accepted = { first: true, since: phase.toldAt, lasting: LASTING_MS };
      const process = counted(entry, sighting, turn.at, accepted);
      return process ? arrive(entry, sighting, process, turn, { text: "is running", afterRound: 0 }) : entry;
    }
    case "starting":
      return startingSeen(entry, sighting, turn);
    case "restarting":
      return restartingSeen(entry, sighting, turn);
  }
}

function eachEntry(state: ProcessState, change: (entry: EntryState) => EntryState): ProcessState {
  const entries = state.entries.map(change);
  return entries.some((entry, index) => entry !== state.entries[index]) ? { ...state, entries } : state;
}
