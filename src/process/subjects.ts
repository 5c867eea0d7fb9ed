import type { Subject } from "../status/subject.ts";
import { downSinceOf, type EntryState, notifiedAtOf, type Phase } from "./state.ts";

/** An entry of the process list as `list` and `status` show it. */
export function subjectOf({ key, entry, phase }: EntryState): Subject {
  const notifiedAt = notifiedAtOf(phase);
  return {
    kind: "process",
    name: key,
    phase: phaseText(phase),
    // What is up has no time of its own.
    since: notifiedAt ?? downSinceOf(phase),
    givenUp: notifiedAt && meaningOf(entry),
    isUnwell: phase.name !== "up" && phase.name !== "unchecked",
  };
}

function meaningOf({ start_command: start }: EntryState["entry"]): string {
  const remedy = start ? `start it (${start})` : "start it";
  return `it is down and given up: Masakari has been notified, and it is not restarted any more; ${remedy}`;
}

function phaseText(phase: Phase): string {
  switch (phase.name) {
    case "unchecked":
      return "not looked at yet";
    case "starting":
      return "down, starting";
    case "up":
      return `up, pid ${phase.process.pid}`;
    case "settling":
      return "down, its supervisor may restart it";
    case "asking":
    case "postponed":
    case "settlingAgain":
    case "cleared":
      return phase.due.reason === undefined ? "down" : `down, postponed: ${phase.due.reason}`;
    case "restarting":
      return `down, restarting (round ${phase.round})`;
    case "verifying":
      return "started, expected to appear";
    case "waiting":
      return `down, round ${phase.round} failed, waiting for the next`;
    case "failed":
      return "down, given up";
  }
}
