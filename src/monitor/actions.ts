import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { messageOf } from "../system/message-of.ts";
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

/** How long effects last, and what becomes of what they observe. One for all effects that end together. */
interface Scope<Observation> {
  readonly signal: AbortSignal;
  readonly observe: Observe<Observation>;
  /** Ends it, if it can be cancelled. */
  readonly cancel?: () => void;
}

/** The effects of a monitor that are under way, each bound to the sensing run in which it was decided, if it does not outlast it. */
export class Actions<Observation, Effect extends OwnEffect> {
  readonly #monitor: Pick<Monitor<never, Observation, Effect>, "name" | "act">;
  readonly #parts: ActionsParts;
  readonly #observe: (observation: Observation, source?: Source) => void;
  readonly #outlasting: ReadonlySet<string>;
  readonly #program: Scope<Observation>;
  #run: Scope<Observation>;
  /** By `cancelKey`, from the first effect that has it until they are cancelled: of this program, and of this run. */
  readonly #cancellableInProgram = new Map<string, Scope<Observation>>();
  readonly #cancellableInRun = new Map<string, Scope<Observation>>();
  readonly #acting = new Set<Promise<void>>();

  constructor(
    monitor: Pick<Monitor<never, Observation, Effect>, "name" | "act" | "outlastSensing">,
    parts: ActionsParts,
    observe: (observation: Observation, source?: Source) => void,
    programSignal: AbortSignal,
  ) {
    this.#monitor = monitor;
    this.#parts = parts;
    this.#observe = observe;
    this.#outlasting = new Set(monitor.outlastSensing);
    this.#program = this.#scope(programSignal);
    this.#run = this.#program;
  }

  /** Another sensing run begins. @returns with which it observes, for as long as it lasts */
  begin(runSignal: AbortSignal): Observe<Observation> {
    this.#run = this.#scope(runSignal);
    this.#cancellableInRun.clear();
    return this.#run.observe;
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
    const { signal } = this.#run;
    if (!outlasts && signal.aborted && !this.#program.signal.aborted) return;
    this.#track(effect, this.#carryOut(effect, this.#scopeOf(effect, outlasts)));
  }

  /** Aborts what is under way with this key. */
  cancel(cancelKey: string): void {
    for (const scopes of [this.#cancellableInProgram, this.#cancellableInRun]) {
      scopes.get(cancelKey)?.cancel?.();
      scopes.delete(cancelKey);
    }
  }

  #scopeOf({ cancelKey }: Effect, outlasts: boolean): Scope<Observation> {
    const around = outlasts ? this.#program : this.#run;
    if (cancelKey === undefined) return around;
    const scopes = outlasts ? this.#cancellableInProgram : this.#cancellableInRun;
    const known = scopes.get(cancelKey);
    if (known !== undefined) return known;
    const controller = new AbortController();
    const signal = AbortSignal.any([around.signal, controller.signal]);
    const scope = {
      ...this.#scope(signal, { cancelKey, cancelled: controller.signal }),
      cancel: () => controller.abort(new Error("cancelled")),
    };
    scopes.set(cancelKey, scope);
    return scope;
  }

  #scope(signal: AbortSignal, source?: Source): Scope<Observation> {
    const observe = (observation: Observation): void => {
      if (!signal.aborted) this.#observe(observation, source);
    };
    return { signal, observe };
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

  async #carryOut(effect: Effect, { observe, signal }: Scope<Observation>): Promise<void> {
    try {
      await this.#monitor.act(effect, observe, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#parts.progress.failedEffects += 1;
      const reason = messageOf(error);
      this.#parts.log.error(`${this.#monitor.name}: ${effect.kind} failed: ${reason}`);
    }
  }
}
