import type { Pause } from "../pauses.ts";
import type { EntryState, ProcessState } from "../state.ts";
import { enter, say, type Turn } from "./turn.ts";

/** The pause that an entry is in. */
export function pauseOf(entry: EntryState, turn: Turn): Pause | undefined {
  return turn.host.pauses.find(({ key, until }) => key === entry.key && turn.at.mono < until);
}

/** Says what has begun and ended. What a pause has held is considered anew at the look that follows. */
export function pausesKnown(state: ProcessState, pauses: readonly Pause[], turn: Turn): ProcessState {
  const isListed = ({ key }: Pause) => state.entries.some((entry) => entry.key === key);
  for (const { key, untilWall, reason, by } of pauses.filter(isListed)) {
    const before = state.pauses.find((one) => one.key === key);
    if (before && Math.abs(before.untilWall - untilWall) < 1000 && before.reason === reason) continue;
    const until = new Date(untilWall).toISOString();
    say(turn, "warning", `${key} is paused by ${by} until ${until}: it is neither restarted nor notified (${reason})`);
  }
  const ended = state.pauses.filter((one) => isListed(one) && !pauses.some(({ key }) => key === one.key));
  for (const { key } of ended) say(turn, "info", `${key}: the pause has ended`);
  const entries = state.entries.map((entry) => {
    const { phase } = entry;
    if (phase.name !== "holding" || phase.asked !== "no" || phase.held === undefined) return entry;
    return enter(entry, { ...phase, until: Math.min(phase.until, turn.at.mono) });
  });
  return { ...state, pauses, entries };
}
