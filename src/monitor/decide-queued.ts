import type { Clock, Instant } from "../system/clock.ts";
import type { Source } from "./actions.ts";
import {
  type CommonEffect,
  isCommon,
  type Monitor,
  type NotifyEffect,
  type OwnEffect,
  type SupersedeEffect,
} from "./contract.ts";
import { type Touched, touchedBetween } from "./recording/phases.ts";

/** An observation that waits to be decided, and whose result it is. A wake is our own: no sign that sensing works. */
export interface Queued<Observation> {
  readonly observation: Observation;
  readonly source: Source | undefined;
  readonly isWake?: true;
}

/** What belongs into the transaction, and when what it is decided from was observed. */
export interface Owed {
  readonly effect: NotifyEffect | SupersedeEffect;
  readonly from: Instant;
}

/** What one observation has come to. */
export interface Step<Observation, Effect> {
  readonly observation: Observation;
  readonly effects: readonly (CommonEffect | Effect)[];
  readonly touched: Touched;
}

/** What some observations come to. */
export interface Decided<State, Observation, Effect> {
  readonly state: State;
  readonly steps: readonly Step<Observation, Effect>[];
  readonly owed: readonly Owed[];
}

/**
 * Decides on observations in their order, without what was cancelled meanwhile.
 * @throws what `decide` throws
 */
export function decideQueued<State, Observation, Effect extends OwnEffect>(
  monitor: Pick<Monitor<State, Observation, Effect>, "decide" | "subjects">,
  before: State,
  queued: readonly Queued<Observation>[],
  { clock, isRecorded }: { readonly clock: Clock; readonly isRecorded: boolean },
): Decided<State, Observation, Effect> {
  let state = before;
  const steps: Step<Observation, Effect>[] = [];
  const owed: Owed[] = [];
  /** The keys of `cancel` among the effects, which are carried out only when all is decided. */
  const cancelled = new Set<string>();
  for (const { observation, source } of queued) {
    if (source !== undefined && (source.cancelled.aborted || cancelled.has(source.cancelKey))) continue;
    const decision = monitor.decide(state, observation);
    const touched = isRecorded ? touchedBetween(monitor.subjects, state, decision.state) : [];
    steps.push({ observation, effects: decision.effects, touched });
    state = decision.state;
    for (const effect of decision.effects) {
      if (!isCommon(effect)) continue;
      if (effect.kind === "cancel") cancelled.add(effect.key);
      if (effect.kind !== "notify" && effect.kind !== "supersede") continue;
      owed.push({ effect, from: observedAt(observation) ?? clock.now() });
    }
  }
  return { state, steps, owed };
}

/** An observation has the time at which it was seen; those of a test may have none. */
const observedAt = (observation: unknown): Instant | undefined => (observation as { at?: Instant }).at;
