import type { Subject } from "../status/subject.ts";
import { downSinceOf, type EntryState, type NotifiedAt, notifiedAtOf, type Phase } from "./state.ts";

/** An entry of the process list as `list` and `status` show it. */
export function subjectOf({ key, entry, phase }: EntryState): Subject {
  const notifiedAt = notifiedAtOf(phase);
  return {
    kind: "process",
    name: key,
    phase: phaseText(phase),
    // What is up has no time of its own.
    since: notifiedAt ?? downSinceOf(phase),
    givenUp: notifiedAt && meaningOf(entry, notifiedAt),
    isUnwell: phase.name !== "up" && phase.name !== "unchecked",
  };
}

function meaningOf({ start_command: start }: EntryState["entry"], { inShadow }: NotifiedAt): string {
  const remedy = start ? `start it (${start})` : "start it";
  if (inShadow) {
    return `it is down and given up: Masakari would have been notified, but [notifications] shadow was set; if no other monitor restarts it, ${remedy}`;
  }
  return `it is down and given up: its notification was made (\`masakari-monitors outbox --all\` shows what became of it), and it is not restarted any more; ${remedy}`;
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
