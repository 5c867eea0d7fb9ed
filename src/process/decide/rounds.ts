import { generatedTime } from "../../notify/notification.ts";
import type { Instant } from "../../system/clock.ts";
import type { Stage } from "../observation.ts";
import type { EntryState } from "../state.ts";
import { commandTimeoutMs, enter, roundsOf, say, secondsBetween, settleMs, subjectOf, type Turn } from "./turn.ts";

const STAGES = ["pre_restart_command", "restart_command", "post_restart_command"] as const satisfies readonly Stage[];

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

export function beginRound(entry: EntryState, turn: Turn, round: number, since: Instant): EntryState {
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

/** Every round has failed and the last look found nothing: the one place where Masakari is notified. */
export function giveUp(entry: EntryState, turn: Turn, since: Instant): EntryState {
  const { process_name, restart_command } = entry.entry;
  const down = `has been down for ${secondsBetween(since.mono, turn.at.mono)}`;
  const tried =
    restart_command.trim() === ""
      ? "and has no restart_command; Masakari is notified"
      : "and no restart helped; Masakari is notified, and it is not restarted again until it runs";
  say(turn, "error", `${entry.key} ${down} ${tried}`);
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
