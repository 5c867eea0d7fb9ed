import type { Subject } from "../status/subject.ts";
import { downSinceOf, type EntryState, notifiedAtOf, type Phase } from "./state.ts";

/** An entry of the process list, for whoever asks what is watched and how it is. */
export function subjectOf({ key, entry, phase }: EntryState): Subject {
  const givenUp = notifiedAtOf(phase) ? meaningOf(entry) : undefined;
  return { kind: "process", name: key, phase: described(phase), since: sinceOf(phase), givenUp };
}

function meaningOf({ start_command: start }: EntryState["entry"]): string {
  const remedy = start ? `start it (${start})` : "start it";
  return `it is down and given up: Masakari has been notified, and it is not restarted any more; ${remedy}`;
}

function described(phase: Phase): string {
  switch (phase.name) {
    case "unchecked":
      return "not looked at yet";
    case "up":
      return `up, pid ${phase.process.pid}`;
    case "settling":
      return "down, its supervisor may restart it";
    case "restarting":
      return `down, restarting (round ${phase.round})`;
    case "verifying":
      return "started, expected to appear";
    case "waiting":
      return `down, round ${phase.round} failed, waiting for the next`;
    case "failed":
      return "down, given up";
    case "held":
      return `down, held back: ${phase.due.heldBy}`;
    case "asking":
    case "resettling":
    case "clear":
      return phase.due.heldBy === undefined ? "down" : `down, held back: ${phase.due.heldBy}`;
    case "starting":
      return "down, starting";
  }
}

/** When it went down, or was given up; what is up has no time of its own. */
function sinceOf(phase: Phase): Subject["since"] {
  return notifiedAtOf(phase) ?? downSinceOf(phase);
}
