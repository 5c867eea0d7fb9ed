import type { Pause } from "../pauses.ts";
import type { EntryState, ProcessState } from "../state.ts";
import { type Context, inPhase, log } from "./context.ts";

/** The pause that an entry is in. */
export function pauseOf({ key }: EntryState, { at, host }: Context): Pause | undefined {
  return host.pauses.find((pause) => pause.key === key && at.mono < pause.until);
}

/** Logs what has begun and ended. What a pause has held is considered anew at the look that follows. */
export function takePauses(state: ProcessState, pauses: readonly Pause[], context: Context): ProcessState {
  const isListed = ({ key }: Pause) => state.entries.has(key);
  for (const { key, untilWall, reason, by } of pauses.filter(isListed)) {
    const before = state.pauses.find((one) => one.key === key);
    if (before && Math.abs(before.untilWall - untilWall) < 1000 && before.reason === reason) continue;
    const until = new Date(untilWall).toISOString();
    log(
      context,
      "warning",
      `${key} is paused by ${by} until ${until}: it is neither restarted nor notified (${reason})`,
    );
  }
  const ended = state.pauses.filter((one) => isListed(one) && !pauses.some(({ key }) => key === one.key));
  for (const { key } of ended) log(context, "info", `${key}: the pause has ended`);
  let { entries } = state;
  for (const entry of state.entries.values()) {
    const { phase } = entry;
    if (phase.name !== "held") continue;
    const until = Math.min(phase.until, context.at.mono);
    entries = entries.set(entry.key, inPhase<"held">(entry, { ...phase, until }));
  }
  return { ...state, pauses, entries };
}
