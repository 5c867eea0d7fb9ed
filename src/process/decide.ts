import type { Decision } from "../monitor/contract.ts";
import { arrive } from "./decide/arrive.ts";
import { restartingSeen, startingSeen } from "./decide/between-commands.ts";
import { heldIn, pausedIn } from "./decide/conditions.ts";
import { died, settlingSeen, upSeen } from "./decide/death.ts";
import { absentAtFirst } from "./decide/first-look.ts";
import { holdingSeen, systemdAnswered } from "./decide/hold.ts";
import { entriesAfterEdit, entriesAtStart } from "./decide/list.ts";
import { pausesKnown } from "./decide/pause.ts";
import { waitingSeen } from "./decide/retry.ts";
import { restartStageEnded } from "./decide/rounds.ts";
import { startStageEnded } from "./decide/start.ts";
import { counted, type Effect, type Turn } from "./decide/turn.ts";
import { verifyingSeen } from "./decide/verify.ts";
import type { ProcessEffect, ProcessObservation, ProcessSettings, Sighting } from "./observation.ts";
import type { EntryState, ProcessState } from "./state.ts";

/** A process that only contains the name of one that was given up is its recovery when it has lived so long. */
const LASTING_MS = 60_000;
/** What `status` shows of the entries, beside what is sensed. */
const CONDITIONS = [
  [{ name: "held processes", consequence: "down, but neither restarted nor notified for now" }, heldIn],
  [{ name: "paused processes", consequence: "planned work, neither restarted nor notified" }, pausedIn],
] as const;

/**
 * The process monitor's mind: entries are independent of one another, and each goes
 * unseen → (starting → verifying) → up → settling → restarting → verifying → (waiting → restarting …) → up or failed,
 * and through holding before whatever it does.
 * Returns the very same state if nothing has changed.
 */
export function decide(state: ProcessState, observation: ProcessObservation): Decision<ProcessState, ProcessEffect> {
  const settings = "settings" in observation ? observation.settings : state.settings;
  // Nothing has a meaning before the first `started`.
  if (!settings) return { state, effects: [] };
  const effects: Effect[] = [];
  let { runs } = state;
  const host = observation.kind === "started" ? hostAt(observation) : state;
  const turn: Turn = { at: observation.at, settings, host, effects, nextRun: () => ++runs };
  const next = observe(state, observation, turn, settings);
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
  turn: Turn,
  settings: ProcessSettings,
): ProcessState {
  switch (observation.kind) {
    case "started": {
      const { bootId } = observation;
      const { bootedAt, systemd } = hostAt(observation);
      const entries = entriesAtStart(state, bootId, observation.entries, turn);
      turn.effects.push({ kind: "scan" });
      // Whether it answers at all is known before anything depends on it.
      if (systemd.present) turn.effects.push({ kind: "askSystemd", key: "", unit: undefined });
      const { pauses } = observation;
      const started = { ...state, bootId, bootedAt, systemd, settings, entries, remembered: [], pauses: [] };
      return pausesKnown(started, pauses, turn);
    }
    case "settingsChanged":
      return { ...state, settings };
    case "entriesChanged":
      turn.effects.push({ kind: "scan" });
      return { ...state, entries: entriesAfterEdit(state.entries, observation.entries, turn) };
    case "seen": {
      const decided = observation.sightings.filter(({ undecided }) => !undecided);
      const byKey = new Map(decided.map((sighting) => [sighting.key, sighting]));
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
    case "systemd": {
      const { key, answer } = observation;
      const answers = state.systemd.answers || answer !== undefined;
      const known = answers === state.systemd.answers ? state : { ...state, systemd: { ...state.systemd, answers } };
      return eachEntry(known, (entry) => (entry.key === key ? systemdAnswered(entry, answer, turn) : entry));
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
      return pausesKnown(state, observation.pauses, turn);
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
    if (phase.name === "holding") return phase.toldAt === undefined || phase.held !== undefined;
    return phase.name !== "unseen";
  });
}

function hostAt(started: Extract<ProcessObservation, { kind: "started" }>): Turn["host"] {
  const { bootedAt, systemd, pauses } = started;
  return { bootedAt, systemd: { present: systemd, answers: false }, pauses };
}

function seen(entry: EntryState, sighting: Sighting | undefined, turn: Turn): EntryState {
  const { phase } = entry;
  switch (phase.name) {
    case "unseen": {
      const process = counted(entry, sighting, turn.at, { first: true });
      if (!process) return absentAtFirst(entry, turn, phase.toldAt);
      return arrive(entry, sighting, process, turn, { text: "is running", afterRound: 0 });
    }
    case "up":
      return upSeen(entry, sighting, turn);
    case "settling":
      return settlingSeen(entry, sighting, turn);
    case "holding":
      return holdingSeen(entry, sighting, turn);
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
