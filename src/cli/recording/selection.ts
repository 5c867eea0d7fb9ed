import { isNamed } from "./about.ts";
import type { StoryEvent } from "./story.ts";

/** Before a notification, ms: what led to it. */
const BEFORE_MS = 1_800_000;
const AFTER_MS = 60_000;

/** What an operator asks about. */
export interface Selection {
  /** What the subject is called; undefined: everything. */
  readonly names: ReadonlySet<string> | undefined;
  /** ms since the epoch. */
  readonly since: number;
  readonly until: number;
}

/**
 * @param asked a notification's UUID in Masakari, its id in the outbox, or a subject: a process, a guest by name or UUID, a host
 * @returns undefined if the recordings do not have it
 */
export function selectionOf(asked: string, events: Iterable<StoryEvent>): Selection | undefined {
  const names = new Set([asked]);
  let isKnown = false;
  let since = Number.NEGATIVE_INFINITY;
  let until = Number.POSITIVE_INFINITY;
  for (const event of events) {
    if (event.kind === "entry") {
      const { id, notificationUuid, subject } = event.entry;
      const name = subject.slice(subject.indexOf(":") + 1);
      if (id === asked || notificationUuid === asked) {
        names.add(name);
        isKnown = true;
        since = Math.max(since, event.at.wall - BEFORE_MS);
        until = event.at.wall + AFTER_MS;
      }
      isKnown ||= name === asked;
    }
    if (event.kind !== "decided") continue;
    for (const [key, name] of event.phases) {
      if (!isNamed(names, key, name)) continue;
      isKnown = true;
      names.add(key).add(name);
    }
  }
  return isKnown ? { names, since, until } : undefined;
}
