import type { Clock, Instant } from "../system/clock.ts";

/** Something that a program depends on and knows the state of at any time. Declared where it is set. */
export interface ConditionKind {
  /** One or two words; unique within one program. */
  readonly name: string;
  /** What a problem means for an operator: `no process can be checked`. */
  readonly consequence: string;
  /** The verdict while there is a problem; `degraded` if absent. `failing`: a failure would not be noticed, or not be kept. */
  readonly severity?: Severity;
  /** What a problem does to the whole monitor, for `masakari-monitors armed`; `blind` if it is failing, else nothing. */
  readonly effect?: Effect;
}

/**
 * What keeps a failure from being acted on. `held`: it would be noticed, and reported when the problem is over. `disarmed`: it would be
 * noticed, and Masakari would do nothing. `blind`: it would not be noticed.
 */
export type Effect = "held" | "disarmed" | "blind";

export type Severity = "degraded" | "failing";

/** A level, not an event: the state now, and since when. */
export interface Condition {
  /** What is wrong, for an operator; undefined if nothing is. */
  readonly problem: string | undefined;
  readonly consequence: string;
  readonly severity: Severity;
  /** What the problem does to the whole monitor; undefined: nothing. */
  readonly effect?: Effect;
  /** Of the last change between problem and no problem; another reason for the same problem does not change it. */
  readonly since: Instant;
}

/** The conditions that the parts of one monitor have set. */
export class Conditions {
  readonly #clock: Clock;
  readonly #all = new Map<string, Condition>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Records the current state; to be called whenever it is observed. @param problem what is wrong; undefined: nothing */
  set(kind: ConditionKind, problem: string | undefined): void {
    const { name, consequence, severity = "degraded" } = kind;
    const before = this.#all.get(name);
    const changed = before === undefined || (before.problem === undefined) !== (problem === undefined);
    const since = changed ? this.#clock.now() : before.since;
    const effect = kind.effect ?? (severity === "failing" ? "blind" : undefined);
    this.#all.set(name, { problem, consequence, severity, ...(effect !== undefined && { effect }), since });
  }

  /** The current conditions by name. */
  get all(): ReadonlyMap<string, Condition> {
    return this.#all;
  }
}
