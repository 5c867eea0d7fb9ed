import type { Instant } from "../../system/clock.ts";
import type { EntryState } from "../state.ts";
import { settle } from "./death.ts";
import { proceed } from "./hold.ts";
import { hasStartCommand } from "./start.ts";
import { say, type Turn } from "./turn.ts";
import { stillDown } from "./verify.ts";

/** Not running at the first look since the monitor started or the entry was added. */
export function absentAtFirst(entry: EntryState, turn: Turn, toldAt: Instant | undefined): EntryState {
  if (hasStartCommand(entry)) return proceed(entry, turn, { kind: "start" }, { since: turn.at, toldAt });
  if (toldAt) return stillDown(entry, turn, toldAt);
  say(turn, "warning", `${entry.key} is not running, and the process list has no command to start it`);
  return settle(entry, turn);
}
