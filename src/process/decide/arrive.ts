import type { ProcessIdentity } from "../../system/proc-table.ts";
import type { Sighting } from "../observation.ts";
import { type EntryState, toldAtOf } from "../state.ts";
import { enter, say, subjectOf, type Turn } from "./turn.ts";

/** The entry is running, as `process`: watch it, and take back what has been said about its failure. */
export function arrive(
  entry: EntryState,
  sighting: Sighting | undefined,
  process: ProcessIdentity,
  turn: Turn,
  how: { readonly text: string; readonly afterRound: number },
): EntryState {
  const { key } = entry;
  turn.effects.push({ kind: "cancelWake", key });
  turn.effects.push({ kind: "watch", key, process: { pid: process.pid, startTime: process.startTime } });
  const told = toldAtOf(entry.phase);
  // At the first look too: what an earlier run has told may be in the outbox, and its state not be readable any more.
  if (told || entry.phase.name === "unseen") {
    turn.effects.push({
      kind: "supersede",
      subject: subjectOf(key),
      reason: `${key} is running again (pid ${process.pid})`,
    });
  }
  if (told) {
    say(
      turn,
      "warning",
      `${key} (pid ${process.pid}) has recovered; it was given up at ${new Date(told.wall).toISOString()}`,
    );
  } else {
    say(turn, "info", `${key} (pid ${process.pid}) ${how.text}`);
  }
  return enter(recognise(entry, sighting, turn), {
    name: "up",
    process: { pid: process.pid, startTime: process.startTime },
    afterRound: how.afterRound,
    provenAt: turn.at.mono + turn.settings.check_interval * 1000,
  });
}

/** Keeps how the entry was found; a partial match is accepted once, loudly, so that a switch-over restarts nothing healthy. */
export function recognise(entry: EntryState, sighting: Sighting | undefined, turn: Turn): EntryState {
  if (sighting?.whole) {
    if (entry.seenAs === "whole") return entry;
    if (entry.seenAs === "partial") {
      say(
        turn,
        "info",
        `${entry.key} now runs as a whole program (pid ${sighting.whole.pid}); only that counts from here on`,
      );
    }
    return { ...entry, seenAs: "whole" };
  }
  if (!sighting?.partial || entry.seenAs !== "nothing") return entry;
  say(
    turn,
    "warning",
    `${entry.key}: no program of this name runs, but "${sighting.partial.program}" (pid ${sighting.partial.pid}) has the name in ` +
      `its command line; it is taken for the process, as upstream would. Correct process_name, or say match: substring`,
  );
  return { ...entry, seenAs: "partial" };
}
