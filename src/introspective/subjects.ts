import type { Subject } from "../status/subject.ts";
import type { Guest } from "./guest.ts";
import type { IntrospectiveState } from "./state.ts";

/** The guests of this host and their phases, for `status` and `list`. */
export function subjectsOf({ guests }: IntrospectiveState): readonly Subject[] {
  return [...guests.values()].map(
    (guest): Subject => ({
      kind: "guest",
      name: guest.name,
      id: guest.uuid,
      phase: phaseOf(guest),
      givenUp:
        guest.phase === "reported" && guest.running
          ? "its guest agent does not answer, and Masakari was notified"
          : undefined,
    }),
  );
}

function phaseOf(guest: Guest): string {
  if (!guest.running) return "not running";
  if (guest.fault !== undefined) return "not monitored: its state or XML is unreadable";
  switch (guest.phase) {
    case "reported":
      return "does not answer, reported";
    case "error":
      return `does not answer: ${guest.failures === 1 ? "1 failed ping" : `${guest.failures} failed pings`} in a row`;
    case "healthy":
      return guest.occupied === undefined ? "answers" : "its agent is occupied by another command";
    case "discovery":
      return "not monitored: it has not answered yet";
  }
}
