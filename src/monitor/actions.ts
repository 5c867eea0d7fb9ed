import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import type { Monitor, Observe, OwnEffect } from "./contract.ts";
import type { Progress } from "./progress.ts";

/** The effect whose result an observation is, if that can be cancelled. */
export interface Source {
  readonly cancelKey: string;
  /** Aborts when the effect is cancelled. */
  readonly cancelled: AbortSignal;
}

interface ActionsParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly progress: Progress;
}

/** The effects of a monitor that are under way, each bound to the sensing run in which it was decided, if it does not outlast it. */
export class Actions<Observation, Effect extends OwnEffect> {
  readonly #monitor: Pick<Monitor<never, Observation, Effect>, "name" | "act">;
  readonly #parts: ActionsParts;
  readonly #observe: (observation: Observation, source?: Source) => void;
  readonly #programSignal: AbortSignal;
  readonly #outlasting: ReadonlySet<string>;
  #runSignal: AbortSignal;
  readonly #acting = new Set<Promise<void>>();
  readonly #cancellable = new Map<string, Set<AbortController>>();

  constructor(
    monitor: Pick<Monitor<never, Observation, Effect>, "name" | "act" | "outlastSensing">,
    parts: ActionsParts,
    observe: (observation: Observation, source?: Source) => void,
    programSignal: AbortSignal,
  ) {
    this.#monitor = monitor;
    this.#parts = parts;
    this.#observe = observe;
    this.#programSignal = programSignal;
    this.#outlasting = new Set(monitor.outlastSensing);
    this.#runSignal = programSignal;
  }

  /** Another sensing run begins. @returns with which it observes, for as long as it lasts */
  begin(runSignal: AbortSignal): Observe<Observation> {
    this.#runSignal = runSignal;
    return this.#observeUntil(runSignal);
  }

  get isUnderWay(): boolean {
    return this.#acting.size > 0;
  }

  /** Resolves when what is under way now has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#acting);
  }

  /** Begins to carry out an effect; one that belongs to a sensing run that is over is left out. */
  act(effect: Effect): void {
    const outlasts = this.#outlasting.has(effect.kind);
    const signal = outlasts ? this.#programSignal : this.#runSignal;
    if (!outlasts && signal.aborted && !this.#programSignal.aborted) return;
    const { cancelKey } = effect;
    if (cancelKey === undefined) {
      this.#track(effect, this.#carryOut(effect, this.#observeUntil(signal), signal));
      return;
    }
    const controller = new AbortController();
    const either = AbortSignal.any([signal, controller.signal]);
    const controllers = this.#cancellable.get(cancelKey) ?? new Set();
    this.#cancellable.set(cancelKey, controllers.add(controller));
    const observe = this.#observeUntil(either, { cancelKey, cancelled: controller.signal });
    const acting = this.#carryOut(effect, observe, either).finally(() => {
      controllers.delete(controller);
      if (controllers.size === 0 && this.#cancellable.get(cancelKey) === controllers)
        this.#cancellable.delete(cancelKey);
    });
    this.#track(effect, acting);
  }

  /** Aborts what is under way with this key. */
  cancel(cancelKey: string): void {
    for (const controller of this.#cancellable.get(cancelKey) ?? []) controller.abort(new Error("cancelled"));
  }

  #observeUntil(signal: AbortSignal, source?: Source): Observe<Observation> {
    return (observation) => {
      if (!signal.aborted) this.#observe(observation, source);
    };
  }

  #track(effect: Effect, carriedOut: Promise<void>): void {
    const { progress, clock } = this.#parts;
    const shown = { kind: effect.kind, since: clock.now() };
    progress.acting.add(shown);
    const acting = carriedOut.finally(() => {
      this.#acting.delete(acting);
      progress.acting.delete(shown);
    });
    this.#acting.add(acting);
  }

  async #carryOut(effect: Effect, observe: Observe<Observation>, signal: AbortSignal): Promise<void> {
    try {
      await this.#monitor.act(effect, observe, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#parts.progress.failedEffects += 1;
      const reason = error instanceof Error ? error.message : String(error);
      this.#parts.log.error(`${this.#monitor.name}: ${effect.kind} failed: ${reason}`);
    }
  }
}
