import type { Subject, WatchedSubject } from "../status/subject.ts";
import type { Instant } from "../system/clock.ts";
import { NamesInText } from "./names-in-text.ts";

interface Known {
  subject: Subject;
  since: Instant;
  lastEvent: WatchedSubject["lastEvent"];
}

/** The most of a log line that is searched for names. Characters. */
const SEARCHED = 500;

/** Since when each subject of a monitor is as it is, and what was last logged about it. */
export class SubjectHistory {
  readonly #known = new Map<string, Known>();
  /** By names and ids as log lines have them. */
  readonly #named = new NamesInText<Known>();

  /** @param subject how the subject of this key is now; undefined: it is gone */
  changed(key: string, subject: Subject | undefined, now: Instant): void {
    const before = this.#known.get(key);
    // Keys that are deleted and added again and again have the map reorganised each time.
    if (before !== undefined && (before.subject.name !== subject?.name || before.subject.id !== subject.id)) {
      for (const name of namesOf(before.subject)) if (this.#named.get(name) === before) this.#named.delete(name);
    }
    if (subject === undefined) {
      this.#known.delete(key);
      return;
    }
    const since = subject.since ?? (before?.subject.phase === subject.phase ? before.since : now);
    const known: Known = Object.assign(before ?? { lastEvent: undefined }, { subject, since });
    if (before === undefined) this.#known.set(key, known);
    for (const name of namesOf(subject)) this.#named.set(name, known);
  }

  /** @param keys in which order; those of subjects that are not known are left out */
  inOrder(keys: Iterable<string>): readonly WatchedSubject[] {
    const watched: WatchedSubject[] = [];
    for (const key of keys) {
      const known = this.#known.get(key);
      if (known) watched.push({ ...known.subject, since: known.since, lastEvent: known.lastEvent });
    }
    return watched;
  }

  /** Takes in a line of the log: it is about the first subject that it names. */
  logged(text: string, at: Instant): void {
    const known = this.#named.firstIn(text.slice(0, SEARCHED));
    if (known !== undefined) known.lastEvent = { at, text };
  }
}

function namesOf({ name, id }: Subject): readonly string[] {
  return id === undefined ? [name] : [name, id];
}
