import type { Outbox } from "../notify/outbox.ts";
import type { Store } from "../notify/store.ts";
import type { Clock, Timer } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import type { CommonEffect, Decision, Monitor } from "./contract.ts";
import type { Progress } from "./progress.ts";

export interface LoopParts {
  readonly store: Store;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Logger;
  readonly progress: Progress;
}

/** An observation in a log line is cut to so many characters. */
const SHOWN_OBSERVATION = 500;

/**
 * Takes observations one at a time through `decide`: first one transaction with the new state and its notifications,
 * then the other effects. An observation made meanwhile, by an effect for instance, waits its turn.
 */
export class Loop<State, Observation, Effect extends { readonly kind: string }> {
  readonly #monitor: Monitor<State, Observation, Effect>;
  readonly #parts: LoopParts;
  readonly #signal: AbortSignal;
  readonly #onFailure: (error: unknown) => void;
  #state: State;
  #savedJson: string | undefined;
  readonly #queue: Observation[] = [];
  #draining = false;
  readonly #wakes = new Map<string, Timer>();
  readonly #acting = new Set<Promise<void>>();

  /**
   * @param signal ends the loop: later observations are ignored, wakes cancelled, acts told
   * @param onFailure told when `decide` threw, or its decision could not be kept; the state is as before then
   */
  constructor(
    monitor: Monitor<State, Observation, Effect>,
    parts: LoopParts,
    signal: AbortSignal,
    onFailure: (error: unknown) => void,
  ) {
    this.#monitor = monitor;
    this.#parts = parts;
    this.#signal = signal;
    this.#onFailure = onFailure;
    this.#state = monitor.initial;
  }

  /** Takes up the state of an earlier run. To be called once, before the first observation. */
  start(): void {
    const { log, store } = this.#parts;
    this.#signal.addEventListener("abort", () => this.#cancelWakes(), { once: true });
    const json = store.saved(this.#monitor.name);
    if (json === undefined) return;
    const restored = this.#restore(json);
    if (restored === undefined) {
      log.warning(`The saved state of ${this.#monitor.name} cannot be used; beginning without it`);
      return;
    }
    this.#state = restored;
    this.#savedJson = json;
  }

  /** Takes one observation. Returns when it is decided and its notifications are on disk, or queued behind another. */
  readonly observe = (observation: Observation): void => {
    if (this.#signal.aborted) return;
    this.#queue.push(observation);
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#step(next);
    } finally {
      this.#draining = false;
    }
  };

  /** Resolves when no effect is under way. */
  async settled(): Promise<void> {
    while (this.#acting.size > 0) await Promise.all(this.#acting);
  }

  #restore(json: string): State | undefined {
    try {
      return this.#monitor.restore(JSON.parse(json));
    } catch (error) {
      this.#parts.log.error(`Reading the saved state of ${this.#monitor.name} failed: ${textOf(error)}`);
      return undefined;
    }
  }

  #step(observation: Observation): void {
    const { progress, clock, log } = this.#parts;
    progress.observations += 1;
    progress.lastObservation = clock.now();
    let decision: Decision<State, Effect>;
    try {
      decision = this.#monitor.decide(this.#state, observation);
      this.#keep(decision);
    } catch (error) {
      progress.failedDecisions += 1;
      log.error(
        `Defect in ${this.#monitor.name}: deciding on ${shown(observation)} failed: ${textOf(error)}. ` +
          "The observation is ignored and sensing begins anew; please report this line",
      );
      this.#onFailure(error);
      return;
    }
    for (const effect of decision.effects) this.#carryOut(effect);
  }

  /** The state and what it says was sent become durable together, or not at all. */
  #keep(decision: Decision<State, Effect>): void {
    const { store, outbox } = this.#parts;
    let json = this.#savedJson;
    if (decision.state !== this.#state) json = JSON.stringify(this.#monitor.kept?.(decision.state) ?? decision.state);
    const changed = json !== undefined && json !== this.#savedJson;
    const owed = decision.effects.filter((effect) => effect.kind === "notify" || effect.kind === "supersede");
    if (changed || owed.length > 0) {
      store.transaction(() => {
        if (changed && json !== undefined) store.save(this.#monitor.name, json);
        for (const effect of owed as readonly CommonEffect[]) {
          if (effect.kind === "notify") outbox.add(effect.subject, effect.notification);
          else if (effect.kind === "supersede") outbox.supersede(effect.subject, effect.reason, effect.which);
        }
      });
    }
    this.#state = decision.state;
    this.#savedJson = json;
  }

  #carryOut(effect: CommonEffect | Effect): void {
    if (isCommon(effect)) this.#carryOutCommon(effect);
    else this.#act(effect);
  }

  #carryOutCommon(effect: CommonEffect): void {
    switch (effect.kind) {
      case "notify":
      case "supersede":
        return;
      case "wake":
        this.#wake(effect.key, effect.afterMs);
        return;
      case "cancelWake":
        this.#wakes.get(effect.key)?.cancel();
        this.#wakes.delete(effect.key);
        return;
      case "caughtUp":
        this.#parts.outbox.takeUpLeftovers();
        return;
      case "say":
        this.#parts.log[effect.level](effect.text);
    }
  }

  #wake(key: string, afterMs: number): void {
    const { clock } = this.#parts;
    this.#wakes.get(key)?.cancel();
    const timer = clock.setTimer(afterMs, () => {
      this.#wakes.delete(key);
      this.observe(this.#monitor.woke(key, clock.now()));
    });
    this.#wakes.set(key, timer);
  }

  #cancelWakes(): void {
    for (const timer of this.#wakes.values()) timer.cancel();
    this.#wakes.clear();
  }

  #act(effect: Effect): void {
    const { progress, clock } = this.#parts;
    const shown = { kind: effect.kind, since: clock.now() };
    progress.acting.add(shown);
    const acting = this.#tryAct(effect).finally(() => {
      this.#acting.delete(acting);
      progress.acting.delete(shown);
    });
    this.#acting.add(acting);
  }

  async #tryAct(effect: Effect): Promise<void> {
    try {
      await this.#monitor.act(effect, this.observe, this.#signal);
    } catch (error) {
      if (this.#signal.aborted) return;
      this.#parts.progress.failedEffects += 1;
      this.#parts.log.error(`${this.#monitor.name}: ${effect.kind} failed: ${textOf(error)}`);
    }
  }
}

const COMMON: ReadonlySet<string> = new Set<CommonEffect["kind"]>([
  "notify",
  "supersede",
  "wake",
  "cancelWake",
  "caughtUp",
  "say",
]);

function isCommon(effect: { readonly kind: string }): effect is CommonEffect {
  return COMMON.has(effect.kind);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function shown(observation: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(observation) ?? String(observation);
  } catch {
    text = String(observation);
  }
  return text.length > SHOWN_OBSERVATION ? `${text.slice(0, SHOWN_OBSERVATION)}…` : text;
}
