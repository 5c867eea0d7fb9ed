import type { Subject } from "../status/subject.ts";
import type { Guest } from "./guest.ts";
import type { IntrospectiveState } from "./state.ts";

/** The guests of this host, for whoever asks what is watched and how it is. */
export function subjectsOf({ guests }: IntrospectiveState): readonly Subject[] {
  return [...guests.values()].map(
    (guest): Subject => ({
      kind: "guest",
      name: guest.name,
      id: guest.uuid,
      phase: described(guest),
      givenUp:
        guest.phase === "reported" && guest.running
          ? "its guest agent does not answer: it is given up, and Masakari has been notified"
          : undefined,
    }),
  );
}

function described(guest: Guest): string {
  if (!guest.running) return "not running";
  if (guest.fault !== undefined) return "not watched: its state or XML could not be read";
  switch (guest.phase) {
    case "reported":
      return "silent, given up";
    case "error":
      return `silent: ${guest.failures === 1 ? "1 failed ping" : `${guest.failures} failed pings`} in a row`;
    case "healthy":
      return guest.occupied === undefined ? "answers" : "its agent is occupied by another command";
    case "discovery":
      return "not watched: it has not answered yet";
  }
}
