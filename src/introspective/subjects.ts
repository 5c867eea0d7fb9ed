import type { Subject } from "../status/subject.ts";
import { countOf } from "../system/plural.ts";
import type { Guest, Unsent } from "./guest.ts";

/** A guest of this host and its phase, for `status` and `list`. */
export function subjectOf(guest: Guest): Subject {
  const isGivenUp = guest.phase === "reported" && guest.running;
  return {
    kind: "guest",
    name: guest.name,
    id: guest.uuid,
    phase: phaseOf(guest),
    isUnwell: guest.running && (guest.phase === "reported" || guest.phase === "error" || guest.fault !== undefined),
    givenUp: isGivenUp ? `its guest agent does not answer, and ${meaningOf(guest.unsent)}` : undefined,
  };
}

function meaningOf(unsent: Unsent | undefined): string {
  switch (unsent) {
    case "shadow":
      return "Masakari would have been notified, but [notifications] shadow was set";
    case "max_reports":
      return "Masakari was not notified, because max_reports was reached: check the guest by hand";
    case undefined:
      return "its notification was made: `masakari-monitors outbox --all` shows what became of it";
  }
}

function phaseOf(guest: Guest): string {
  if (!guest.running) return "not running";
  if (guest.fault !== undefined) return "not monitored: its state or XML is unreadable";
  switch (guest.phase) {
    case "reported":
      return guest.unsent === undefined ? "does not answer, reported" : "does not answer, not reported";
    case "error":
      return `does not answer: ${countOf(guest.failures, "failed ping")} in a row`;
    case "healthy":
      return guest.occupied === undefined ? "answers" : "its agent is occupied by another command";
    case "discovery":
      return "not monitored: it has not answered yet";
  }
}
