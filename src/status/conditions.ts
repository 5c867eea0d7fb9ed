import type { Clock, Instant } from "../system/clock.ts";

/** Something that a program depends on and knows the state of at any time. Declared by who sets it. */
export interface ConditionKind {
  /** One or two words; of one program, no two kinds have the same. */
  readonly name: string;
  /** What it means while it is not well, for an operator: `no process can be checked`. */
  readonly consequence: string;
}

/** A level, not an event: how it is now, and since when. */
export interface Condition {
  /** What is wrong, for an operator; undefined while all is well. */
  readonly problem: string | undefined;
  readonly consequence: string;
  /** Since when it has been well, or not; a new reason for the same trouble changes nothing of it. */
  readonly since: Instant;
}

/** The conditions that the parts of one monitor have set. Nobody who sets one need know who looks at it. */
export class Conditions {
  readonly #clock: Clock;
  readonly #all = new Map<string, Condition>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Says how it is, as often as it is found out. @param problem what is wrong; undefined: nothing */
  set({ name, consequence }: ConditionKind, problem: string | undefined): void {
    const before = this.#all.get(name);
    const changed = before === undefined || (before.problem === undefined) !== (problem === undefined);
    this.#all.set(name, { problem, consequence, since: changed ? this.#clock.now() : before.since });
  }

  /** As they are now, by name. */
  get all(): ReadonlyMap<string, Condition> {
    return this.#all;
  }
}
