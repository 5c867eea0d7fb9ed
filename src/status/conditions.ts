import type { Clock, Instant } from "../system/clock.ts";

/** What a program depends on and can tell the state of at any time. */
export type ConditionName =
  | "libvirt"
  | "process list"
  | "process table"
  | "configuration"
  | "state directory"
  | GuestCondition
  | HeldBack;

/** What keeps guests from being watched by their agents: all of them, or single ones. */
type GuestCondition = "agent pattern" | "guest XML" | "guest agents";

/** What keeps failures of processes from being acted on, or from being told from what systemd does. */
type HeldBack = "held processes" | "paused processes" | "sudo rights" | "systemd";

/** A level, not an event: how it is now, and since when. */
export interface Condition {
  /** What is wrong, for an operator; undefined while all is well. */
  readonly problem: string | undefined;
  /** Since when it has been well, or not; a new reason for the same trouble changes nothing of it. */
  readonly since: Instant;
}

/** The conditions that the parts of one monitor have set. Nobody who sets one need know who looks at it. */
export class Conditions {
  readonly #clock: Clock;
  readonly #all = new Map<ConditionName, Condition>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Says how it is, as often as it is found out. @param problem what is wrong; undefined: nothing */
  set(name: ConditionName, problem: string | undefined): void {
    const before = this.#all.get(name);
    const changed = before === undefined || (before.problem === undefined) !== (problem === undefined);
    this.#all.set(name, { problem, since: changed ? this.#clock.now() : before.since });
  }

  /** As they are now. */
  get all(): ReadonlyMap<ConditionName, Condition> {
    return this.#all;
  }
}
