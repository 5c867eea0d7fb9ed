import type { Subject } from "../../status/subject.ts";
import type { OfEach } from "../kept.ts";
import type { PhaseChange } from "./record.ts";

/** What the subjects that a decision has changed are after it. */
export type Touched = readonly (readonly [key: string, subject: Subject | undefined])[];

/** To be called while `state` is the newest: of older versions a map is copied. */
export function touchedBetween<State>(
  subjects: OfEach<State, Subject | undefined> | undefined,
  before: State,
  state: State,
): Touched {
  if (subjects === undefined || before === state) return [];
  const map = subjects.map(state);
  return [...map.changedSince(subjects.map(before))].map((key) => [
    key,
    map.has(key) ? shown(subjects, map.get(key), key) : undefined,
  ]);
}

/** A subject that cannot be shown has no phase: a decision must not fail for its recording. */
function shown<State>(
  subjects: OfEach<State, Subject | undefined>,
  value: Parameters<typeof subjects.each>[0],
  key: string,
): Subject | undefined {
  try {
    return subjects.each(value, key);
  } catch {
    return undefined;
  }
}

/** Which subjects are in which phase, so that of what was touched only the changes are recorded. */
export class Phases {
  readonly #known = new Map<string, { readonly name: string; readonly phase: string }>();

  /** Begins with all subjects of this state. */
  static of<State>(subjects: OfEach<State, Subject | undefined> | undefined, state: State): Phases {
    const phases = new Phases();
    if (subjects === undefined) return phases;
    for (const [key, value] of subjects.map(state)) phases.changes([[key, shown(subjects, value, key)]]);
    return phases;
  }

  /** In the order of their keys: that in which they were touched depends on how the state came about. */
  changes(touched: Touched): readonly PhaseChange[] {
    const changes: PhaseChange[] = [];
    for (const [key, subject] of touched) {
      const before = this.#known.get(key);
      if (subject?.phase === before?.phase) continue;
      changes.push([key, subject?.name ?? before?.name ?? key, subject?.phase]);
      if (subject === undefined) this.#known.delete(key);
      else this.#known.set(key, { name: subject.name, phase: subject.phase });
    }
    return changes.sort(([one], [other]) => (one < other ? -1 : 1));
  }
}
