import type { Pause } from "../pauses.ts";
import type { EntryState, ProcessState } from "../state.ts";
import { type Context, inPhase, timeOf } from "./context.ts";

/** The pause that an entry is in. */
export function pauseOf({ key }: EntryState, { at, host }: Context): Pause | undefined {
  const pause = host.pauses.get(key);
  return pause && at.mono < pause.until ? pause : undefined;
}

/** Logs which pauses have begun and ended. What a pause has postponed is considered again at the look that follows. */
export function takePauses(state: ProcessState, list: readonly Pause[], context: Context): ProcessState {
  const pauses = new Map(list.map((pause) => [pause.key, pause]));
  let { entries } = state;
  for (const key of new Set([...state.pauses.keys(), ...pauses.keys()])) {
    const entry = entries.get(key);
    if (entry === undefined) continue;
    logPause(key, state.pauses.get(key), pauses.get(key), context);
    const { phase } = entry;
    if (phase.name !== "postponed" || phase.until <= context.at.mono) continue;
    entries = entries.set(key, inPhase<"postponed">(entry, { ...phase, until: context.at.mono }));
  }
  return { ...state, pauses, entries };
}

function logPause(key: string, before: Pause | undefined, now: Pause | undefined, context: Context): void {
  if (now === undefined) {
    context.log("info", `${key}: the pause has ended`);
    return;
  }
  const { untilWall, reason, by } = now;
  if (before && Math.abs(before.untilWall - untilWall) < 1000 && before.reason === reason) return;
  const until = timeOf({ wall: untilWall });
  context.log("warning", `${key} is paused by ${by} until ${until}: it is neither restarted nor reported (${reason})`);
}
