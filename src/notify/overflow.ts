import type { Entry } from "./entry.ts";
import type { Store } from "./store.ts";

/** How the reason of each such entry begins, by which they are known. */
export const OVERFLOWED = "the outbox is full (";

/** Why one is dropped that nobody wanted to be. @param limit how many may wait */
export const whyOverflowed = (limit: number): string =>
  `${OVERFLOWED}${limit} undelivered): find out why nothing is delivered, and handle this notification by hand`;

/**
 * Which entry goes when there are too many: the oldest of the subject with the most. One that chatters loses its own history,
 * and a subject with a single true event keeps it.
 * @param isSpared entries that must stay
 */
export function entryToDrop(
  store: Pick<Store, "subjects" | "pendingOf">,
  isSpared: (id: string) => boolean,
): Entry | undefined {
  let oldest: Entry | undefined;
  let most = 0;
  for (const subject of store.subjects()) {
    const candidates = store.pendingOf(subject).filter(({ id }) => !isSpared(id));
    const first = candidates[0];
    if (first === undefined || candidates.length < most) continue;
    if (candidates.length > most || oldest === undefined || first.created.mono < oldest.created.mono) oldest = first;
    most = candidates.length;
  }
  return oldest;
}
