import type { Instant } from "../../system/clock.ts";
import type { EntryState } from "../state.ts";
import { continueRounds } from "./rounds.ts";
import { enter, say, type Turn, wakeAfter } from "./turn.ts";

/** systemd's words for a unit that is on its way down or up again. */
const OWNER_AT_WORK = new Set(["activating", "reloading", "deactivating"]);
const ASK_AGAIN_MS = 1000;
/** systemd's own time-outs (90 s to stop, 90 s to start) end a restart long before; a unit without them must not hide a death. */
const OWNER_LIMIT_MS = 600_000;

/** No process, and no more time for the owner. @param entry in the phase `settling`, just looked for */
export function settleOver(entry: EntryState, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "settling" || phase.owner === "asking") return entry;
  const unit = entry.entry.systemd_unit;
  if (unit === undefined || phase.owner === "answered") {
    return continueRounds(entry, turn, phase.afterRound, phase.since);
  }
  turn.effects.push({ kind: "askSystemd", key: entry.key, unit });
  return enter(entry, { ...phase, owner: "asking" });
}

/** A round (0: the start) has failed, just looked for: the next one, unless systemd is at work on the unit itself. */
export function roundFailed(entry: EntryState, turn: Turn, round: number, since: Instant): EntryState {
  const settling = enter(entry, {
    name: "settling",
    since,
    until: turn.at.mono,
    pid: undefined,
    afterRound: round,
    confirmed: true,
    owner: "unasked",
    ownerSaid: false,
  });
  return settleOver(settling, turn);
}

/** What systemd says about the unit of an entry whose time to settle is over. */
export function unitStateKnown(entry: EntryState, state: string | undefined, turn: Turn): EntryState {
  const { phase } = entry;
  if (phase.name !== "settling" || phase.owner !== "asking") return entry;
  if (state !== undefined && OWNER_AT_WORK.has(state) && turn.at.mono - phase.since.mono < OWNER_LIMIT_MS) {
    if (!phase.ownerSaid) {
      say(
        turn,
        "info",
        `${entry.key}: systemd reports ${entry.entry.systemd_unit} as ${state}, so it is left to finish`,
      );
    }
    wakeAfter(turn, entry, ASK_AGAIN_MS);
    return enter(entry, { ...phase, owner: "unasked", ownerSaid: true, until: turn.at.mono + ASK_AGAIN_MS });
  }
  // It may have come up while systemd was asked, so one more look decides.
  turn.effects.push({ kind: "scan" });
  return enter(entry, { ...phase, owner: "answered" });
}
