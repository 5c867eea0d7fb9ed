import type { Subject, WatchedSubject } from "../status/subject.ts";
import type { Instant } from "../system/clock.ts";

interface Known {
  phase: string;
  since: Instant;
  lastEvent: WatchedSubject["lastEvent"];
}

/** How often it is looked for subjects that have changed: each time costs as much as there are subjects, ms. */
const KEEP_EVERY_MS = 1000;
/** The most of a log line that is searched for names. Characters. */
const SEARCHED = 500;

/** Since when each subject of a monitor is as it is, and what the log last had about it. */
export class SubjectHistory {
  readonly #known = new Map<string, Known>();
  /** Names and ids as log lines have them. */
  readonly #called = new Map<string, Known>();
  readonly #subjects: () => readonly Subject[];
  #keptAt = Number.NEGATIVE_INFINITY;

  /** @param subjects all of them, as they are when it is called */
  constructor(subjects: () => readonly Subject[]) {
    this.#subjects = subjects;
  }

  /** To be called whenever something may have changed: takes in how the subjects are, at most each second. */
  keep(now: Instant): void {
    if (now.mono - this.#keptAt < KEEP_EVERY_MS) return;
    this.#keptAt = now.mono;
    this.current(now);
  }

  /** The subjects as they are, with their history. */
  current(now: Instant): readonly WatchedSubject[] {
    const subjects = this.#subjects();
    const gone = new Set(this.#known.keys());
    this.#called.clear();
    const watched = subjects.map((subject): WatchedSubject => {
      const key = `${subject.kind} ${subject.id ?? subject.name}`;
      gone.delete(key);
      const before = this.#known.get(key);
      const since = subject.since ?? (before?.phase === subject.phase ? before.since : now);
      const known: Known = before ?? { phase: "", since, lastEvent: undefined };
      Object.assign(known, { phase: subject.phase, since });
      this.#known.set(key, known);
      for (const name of [subject.name, subject.id]) if (name !== undefined) this.#called.set(name, known);
      return { ...subject, since, lastEvent: known.lastEvent };
    });
    for (const key of gone) this.#known.delete(key);
    return watched;
  }

  /** Takes in a line of the log: it is about the first subject that it names. */
  logged(text: string, at: Instant): void {
    for (const word of text.slice(0, SEARCHED).split(/[\s(),;:]+/)) {
      const known = this.#called.get(word);
      if (known === undefined) continue;
      known.lastEvent = { at, text };
      return;
    }
  }
}
