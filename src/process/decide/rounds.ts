import { generatedTime } from "../../notify/notification.ts";
import type { Instant } from "../../system/clock.ts";
import type { Sighting, Stage } from "../observation.ts";
import type { EntryState } from "../state.ts";
import { arrive } from "./arrive.ts";
import {
  commandTimeoutMs,
  counted,
  enter,
  restartIntervalMs,
  roundsOf,
  say,
  secondsBetween,
  settleMs,
  subjectOf,
  type Turn,
  wakeAfter,
} from "./turn.ts";

const STAGES = ["pre_restart_command", "restart_command", "post_restart_command"] as const satisfies readonly Stage[];

/** The next round after `failed` (0: none yet), at once for the first and after restart_interval for others; or the end. */
export function continueRounds(entry: EntryState, turn: Turn, failed: number, since: Instant): EntryState {
  const hopeless = entry.entry.restart_command.trim() === "";
  if (hopeless || failed >= roundsOf(entry, turn)) return giveUp(entry, turn, since);
  const interval = failed === 0 ? 0 : restartIntervalMs(entry, turn);
  if (interval === 0) return beginRound(entry, turn, failed + 1, since);
  wakeAfter(turn, entry, interval);
  return enter(entry, { name: "waiting", since, round: failed, until: turn.at.mono + interval });
}

export function waitingSeen(entry: EntryState, sighting: Sighting | undefined, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "waiting") return entry;
  const isOver = turn.at.mono >= phase.until;
  const process = counted(entry, sighting, turn.at, { first: true, ...(isOver && { since: phase.since }) });
  if (process)
    return arrive(entry, sighting, process, turn, { text: "is running again, by itself", afterRound: phase.round });
  return !isOver ? entry : beginRound(entry, turn, phase.round + 1, phase.since);
}

export function restartStageEnded(
  entry: EntryState,
  turn: Turn,
  ended: { readonly stage: Stage; readonly succeeded: boolean; readonly summary: string },
): EntryState {
  const { phase } = entry;
  if (phase.name !== "restarting") return entry;
  const { round, since } = phase;
  if (ended.succeeded) {
    return nextStage(entry, turn, STAGES.indexOf(ended.stage as (typeof STAGES)[number]), round, since);
  }
  say(turn, "error", `${entry.key}: ${ended.stage} ${ended.summary} (round ${round} of ${roundsOf(entry, turn)})`);
  return verify(entry, turn, { round, succeeded: false, since, toldAt: undefined });
}

/** pre_restart_command has ended: a process that has come up meanwhile is healthy, and not restarted. */
export function restartingSeen(entry: EntryState, sighting: Sighting | undefined, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "restarting" || phase.run !== undefined) return entry;
  const process = counted(entry, sighting, turn.at, { first: true });
  const text = "is running again, before it was restarted";
  // This round was not tried.
  if (process) return arrive(entry, sighting, process, turn, { text, afterRound: phase.round - 1 });
  return enter(entry, { ...phase, run: runStage(entry, turn, phase.stage) });
}

/** The commands have ended: whether they worked is seen in the process table, at once and then until the time is up. */
export function verify(
  entry: EntryState,
  turn: Turn,
  ended: {
    readonly round: number;
    readonly succeeded: boolean;
    readonly since: Instant;
    readonly toldAt: Instant | undefined;
  },
): EntryState {
  turn.effects.push({ kind: "scan" });
  const allowed = Math.max(settleMs(entry, turn), turn.settings.check_interval * 1000);
  const { mono } = turn.at;
  return enter(entry, { name: "verifying", ...ended, endedAt: mono, until: mono + allowed });
}

/** Asks for one command. @returns the number it is known by */
export function runStage(entry: EntryState, turn: Turn, stage: Stage): number {
  const run = turn.nextRun();
  turn.effects.push({
    kind: "run",
    key: entry.key,
    run,
    stage,
    command: entry.entry[stage],
    asRoot: entry.entry.run_as_root,
    timeoutMs: commandTimeoutMs(entry, turn),
  });
  return run;
}

function beginRound(entry: EntryState, turn: Turn, round: number, since: Instant): EntryState {
  say(turn, "warning", `${entry.key}: restarting, round ${round} of ${roundsOf(entry, turn)}`);
  return nextStage(entry, turn, -1, round, since);
}

function nextStage(entry: EntryState, turn: Turn, done: number, round: number, since: Instant): EntryState {
  const stage = STAGES.find((name, index) => index > done && entry.entry[name].trim() !== "");
  if (!stage) return verify(entry, turn, { round, succeeded: true, since, toldAt: undefined });
  if (stage === "restart_command" && done >= 0) {
    turn.effects.push({ kind: "scan" });
    return enter(entry, { name: "restarting", since, round, stage, run: undefined });
  }
  return enter(entry, { name: "restarting", since, round, stage, run: runStage(entry, turn, stage) });
}

/** Every round has failed and the last look found nothing: the one place where Masakari is told. */
function giveUp(entry: EntryState, turn: Turn, since: Instant): EntryState {
  const { process_name } = entry.entry;
  say(
    turn,
    "error",
    `${entry.key} has been down for ${secondsBetween(since.mono, turn.at.mono)} and no restart helped; Masakari is notified, ` +
      `and it is not restarted again until it runs`,
  );
  turn.effects.push({
    kind: "notify",
    subject: subjectOf(entry.key),
    notification: {
      type: "PROCESS",
      hostname: turn.settings.hostname,
      generated_time: generatedTime(turn.at.wall),
      payload: { event: "STOPPED", process_name: process_name.slice(process_name.lastIndexOf("/") + 1) },
    },
  });
  return enter(entry, { name: "failed", toldAt: turn.at });
}
