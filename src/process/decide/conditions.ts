import { heldByOf, type ProcessState } from "../state.ts";

/** So many are named; the log names each. */
const NAMED = 10;

/** Which entries are down without being restarted or notified, and why. */
export function heldIn({ entries }: ProcessState): string | undefined {
  return listed(
    [...entries.values()].flatMap(({ key, phase }) => {
      const heldBy = heldByOf(phase);
      return heldBy === undefined ? [] : [`${key}: ${heldBy}`];
    }),
  );
}

/** Which entries an operator has paused, whether they run or not. */
export function pausedIn({ pauses, entries }: ProcessState): string | undefined {
  const paused = pauses.filter(({ key }) => entries.has(key));
  return listed(
    paused.map(
      ({ key, untilWall, reason, by }) => `${key} until ${new Date(untilWall).toISOString()}, by ${by}: ${reason}`,
    ),
  );
}

function listed(items: readonly string[]): string | undefined {
  if (items.length === 0) return undefined;
  const more = items.length > NAMED ? `; and ${items.length - NAMED} more` : "";
  return `${items.slice(0, NAMED).join("; ")}${more}`;
}
