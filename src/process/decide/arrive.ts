import type { Instant } from "../../system/clock.ts";
import type { ProcessIdentity } from "../../system/proc-table.ts";
import type { Sighting } from "../observation.ts";
import { type EntryState, type Phase, toldAtOf } from "../state.ts";
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
  const identity = { pid: process.pid, startTime: process.startTime };
  turn.effects.push({ kind: "watch", key, process: identity, whole: sighting?.whole !== undefined });
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
  return enter(
    { ...recognise(entry, sighting, process, turn), seenUp: true },
    {
      name: "up",
      process: identity,
      afterRound: how.afterRound,
      provenAt: turn.at.mono + turn.settings.check_interval * 1000,
      downSince: downSinceOf(entry.phase),
    },
  );
}

/** When the failure began that ends with this. One that was notified has ended with that. */
function downSinceOf(phase: Phase): Instant | undefined {
  if (phase.name === "settling") return phase.downSince;
  return "since" in phase ? phase.since : undefined;
}

/** Keeps how the entry was found; what only contains the name is accepted loudly, so that a switch-over restarts nothing healthy. */
export function recognise(
  entry: EntryState,
  sighting: Sighting | undefined,
  process: ProcessIdentity,
  turn: Turn,
): EntryState {
  if (sighting?.whole) {
    if (entry.seenAs === "partial") say(turn, "info", `${entry.key} now runs as a whole program (pid ${process.pid})`);
    return entry.seenAs === "whole" ? entry : { ...entry, seenAs: "whole" };
  }
  const partial = sighting?.partials?.find(({ pid }) => pid === process.pid);
  if (!partial || entry.seenAs === "partial") return entry;
  say(
    turn,
    "warning",
    `${entry.key}: no program of this name runs; pid ${partial.pid} has the name in its command line, "${partial.shown}", ` +
      `and is taken for the process, as upstream would. Correct process_name, or set match: substring`,
  );
  return { ...entry, seenAs: "partial" };
}
