import type { Clock } from "../system/clock.ts";
import { Guard } from "../system/guard.ts";
import type { Logger } from "../system/log.ts";
import type { Effect } from "./conditions.ts";
import type { Facts, Trouble } from "./facts.ts";
import { stuckSince } from "./verdict.ts";

/** Whether a failure would be acted on now; `armed`: yes. */
export type ArmedState = "armed" | Effect;

/** Every state, the worst last. */
export const ARMED_STATES: readonly ArmedState[] = ["armed", "held", "disarmed", "blind"];

export interface Armed {
  readonly state: ArmedState;
  /** Why it is not armed, for an operator; undefined if it is. */
  readonly reason: string | undefined;
  /** Of the state, monotonic ms. */
  readonly since: number;
}

interface Obstacle extends Trouble {
  readonly effect: Effect;
}

/** How often the state is looked at, so that its beginning is known, ms. */
const LOOK_EVERY_MS = 5000;

/** What keeps a failure from being acted on, the worst first, and of the same effect the oldest. Pure. @param now monotonic ms */
export function obstacles(facts: Facts, now: number): readonly Obstacle[] {
  const { conditions } = facts;
  return [
    ...[...conditions.values()].flatMap(({ effect, problem, consequence, since }) =>
      effect === undefined || problem === undefined
        ? []
        : [{ effect, reason: `${consequence}: ${problem}`, since: since.mono }],
    ),
    ...sensingObstacles(facts, now),
    ...deliveryObstacles(facts),
  ].sort((one, other) => rank(other.effect) - rank(one.effect) || one.since - other.since);
}

function sensingObstacles({ loop }: Facts, now: number): readonly Obstacle[] {
  const stuck = stuckSince(loop, now);
  if (stuck !== undefined) return [blind("stuck: nothing is observed; restart this program", stuck)];
  if (loop.sensingSince === undefined && loop.lastFailure !== undefined) {
    return [blind(`sensing failed: ${loop.lastFailure.reason}; it restarts by itself`, loop.lastFailure.since)];
  }
  return loop.observations === 0 ? [blind("it is starting", loop.sensingSince ?? now)] : [];
}

function deliveryObstacles({ outbox: { outage, login, unreachable } }: Facts): readonly Obstacle[] {
  const trouble = outage ?? login ?? unreachable;
  if (trouble === undefined) return [];
  const reason = `notifications wait until Masakari answers: ${trouble.reason}`;
  return [{ effect: "held", reason, since: trouble.since }];
}

const blind = (reason: string, since: number): Obstacle => ({ effect: "blind", reason, since });

const rank = (state: ArmedState): number => ARMED_STATES.indexOf(state);

/** Whether one monitor is armed, and since when. */
export class ArmedHistory {
  readonly #facts: () => Facts;
  readonly #clock: Clock;
  #last: { readonly state: ArmedState; readonly since: number };

  constructor(facts: () => Facts, clock: Clock) {
    this.#facts = facts;
    this.#clock = clock;
    this.#last = { state: "blind", since: clock.now().mono };
  }

  /** How it is now. */
  get current(): Armed {
    const { mono } = this.#clock.now();
    const all = obstacles(this.#facts(), mono);
    const [worst] = all;
    const state = worst?.effect ?? "armed";
    const { state: before, since: earliest } = this.#last;
    // A problem that a worse one had covered is the state only since that ended.
    const since = worst !== undefined && rank(state) > rank(before) ? Math.max(worst.since, earliest) : mono;
    if (state !== before) this.#last = { state, since };
    if (worst === undefined) return { ...this.#last, reason: undefined };
    const more = all.length - 1;
    return { ...this.#last, reason: `${worst.reason}${more === 0 ? "" : ` (and ${more} more, see status)`}` };
  }

  /** Looks every few seconds until the signal aborts, so that `since` is true whenever somebody asks. */
  async watch(signal: AbortSignal, log: Pick<Logger, "error">): Promise<void> {
    const guard = new Guard("finding out whether a monitor is armed", log);
    while (!signal.aborted) {
      await guard.run(() => this.current);
      await this.#clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    }
  }
}
