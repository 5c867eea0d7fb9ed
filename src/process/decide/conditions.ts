import type { ProcessState } from "../state.ts";
import type { Context } from "./context.ts";
import { timeOf } from "./context.ts";

const POSTPONED = { name: "postponed processes", consequence: "down, but neither restarted nor reported for now" };
const PAUSED = { name: "paused processes", consequence: "planned work, neither restarted nor reported" };
/** So many are named; the log names each. */
const NAMED = 10;

/** Shows in `status` which entries are down without being restarted or notified, and why. */
export function showPostponed(state: ProcessState, context: Context): void {
  const named = state.postponed.entries().take(NAMED);
  context.setCondition(
    POSTPONED,
    listed(
      named.map(([key, reason]) => `${key}: ${reason}`),
      state.postponed.size,
    ),
  );
}

/** Shows in `status` which entries an operator has paused, whether they run or not. */
export function showPaused({ pauses, entries }: ProcessState, context: Context): void {
  const paused = [...pauses.values()].filter(({ key }) => entries.has(key));
  const named = paused.slice(0, NAMED).values();
  const items = named.map(
    ({ key, untilWall, reason, by }) => `${key} until ${timeOf({ wall: untilWall })}, by ${by}: ${reason}`,
  );
  context.setCondition(PAUSED, listed(items, paused.length));
}

function listed(items: Iterable<string>, count: number): string | undefined {
  if (count === 0) return undefined;
  const more = count > NAMED ? `; and ${count - NAMED} more` : "";
  return `${[...items].join("; ")}${more}`;
}
