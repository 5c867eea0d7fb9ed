import type { Outbox } from "../notify/outbox.ts";
import type { Store } from "../notify/store.ts";
import type { Clock, Instant, Timer } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { type CommonEffect, isCommon, type Monitor } from "./contract.ts";
import type { Progress } from "./progress.ts";
import { SubjectHistory } from "./subject-history.ts";

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
 * Work without a pause, ms: what comes in faster than it is decided waits, and health, watchdog and delivery have their turn
 * in between.
 */
const LONGEST_STRETCH_MS = 50;
/** Waiting observations that one transaction takes together, since each transaction waits for the disk. */
const BATCH = 100;
/** Waiting observations, some 30 MB. Whoever senses begins anew beyond that, and compares. */
const MOST_WAITING = 50_000;

/**
 * Takes observations in order through `decide`: first one transaction with the new state and its notifications, then the
 * other effects. What is observed while others are under way, or in a flood, waits: then many share a transaction.
 */
export class Loop<State, Observation, Effect extends { readonly kind: string }> {
  readonly #monitor: Monitor<State, Observation, Effect>;
  readonly #parts: LoopParts;
  readonly #signal: AbortSignal;
  readonly #onFailure: (error: unknown) => void;
  #state: State;
  #savedJson: string | undefined;
  readonly #waiting: Observation[] = [];
  #draining = false;
  /** When the stretch of work that goes on began, mono ms; undefined: the rest of the program has had its turn since. */
  #stretchSince: number | undefined;
  #resuming: Promise<void> | undefined;
  #flooded = false;
  readonly #wakes = new Map<string, Timer>();
  readonly #acting = new Set<Promise<void>>();
  readonly #history: SubjectHistory;

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
    this.#history = new SubjectHistory(() => monitor.subjects?.(this.#state) ?? []);
    parts.progress.subjects = () => this.#history.current(this.#parts.clock.now());
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

  /**
   * Takes one observation. Returns when it is decided and its notifications are on disk, or queued: behind another, or
   * because the program has worked for long without a pause.
   */
  readonly observe = (observation: Observation): void => {
    if (this.#signal.aborted) return;
    if (this.#waiting.length >= MOST_WAITING) {
      this.#refuse();
      return;
    }
    this.#waiting.push(observation);
    if (!this.#draining && this.#resuming === undefined) this.#drain();
  };

  /** Resolves when nothing waits and no effect is under way. What was observed before the end of the loop is decided. */
  async settled(): Promise<void> {
    while (this.#acting.size > 0 || this.#resuming !== undefined) await Promise.all([this.#resuming, ...this.#acting]);
  }

  /** Decides what waits, and goes on after a pause if that takes long. */
  #drain(): void {
    const { clock } = this.#parts;
    this.#draining = true;
    try {
      this.#beginStretch();
      while (this.#waiting.length > 0) {
        if (clock.now().mono - (this.#stretchSince ?? 0) > LONGEST_STRETCH_MS) {
          this.#resuming = afterPause().then(() => {
            this.#resuming = undefined;
            this.#stretchSince = undefined;
            this.#drain();
          });
          return;
        }
        this.#steps(this.#waiting.splice(0, BATCH));
      }
      this.#flooded = false;
    } finally {
      this.#draining = false;
    }
  }

  #beginStretch(): void {
    if (this.#stretchSince !== undefined) return;
    this.#stretchSince = this.#parts.clock.now().mono;
    void afterPause().then(() => {
      if (this.#resuming === undefined) this.#stretchSince = undefined;
    });
  }

  #refuse(): void {
    if (this.#flooded) return;
    this.#flooded = true;
    const error = new Error(`${MOST_WAITING} observations wait to be decided, which come in faster than that`);
    this.#parts.log.error(`${this.#monitor.name}: ${error.message}; sensing begins anew`);
    this.#onFailure(error);
  }

  #restore(json: string): State | undefined {
    try {
      return this.#monitor.restore(JSON.parse(json));
    } catch (error) {
      this.#parts.log.error(`Reading the saved state of ${this.#monitor.name} failed: ${textOf(error)}`);
      return undefined;
    }
  }

  /** Several at once, or, if one of them cannot be decided or kept, one after the other. */
  #steps(observations: readonly Observation[]): void {
    try {
      const { effects, notifiedFrom } = this.#decideAndKeep(observations);
      const { progress } = this.#parts;
      progress.observations += observations.length;
      progress.lastObservation = this.#parts.clock.now();
      this.#history.keep(progress.lastObservation);
      for (const at of notifiedFrom) progress.decisionLatency.record(progress.lastObservation.mono - at.mono);
      for (const effect of effects) this.#carryOut(effect);
    } catch (error) {
      const [only] = observations;
      if (observations.length > 1) for (const one of observations) this.#steps([one]);
      else this.#onDefect(only, error);
    }
  }

  #onDefect(observation: Observation | undefined, error: unknown): void {
    const { progress, clock, log } = this.#parts;
    progress.observations += 1;
    progress.lastObservation = clock.now();
    progress.failedDecisions += 1;
    log.error(
      `Defect in ${this.#monitor.name}: deciding on ${shown(observation)} failed: ${textOf(error)}. ` +
        "The observation is ignored and sensing begins anew; please report this line",
    );
    this.#onFailure(error);
  }

  /**
   * The state and what it says was sent become durable together, or not at all.
   * @throws what `decide` or the outbox throws; nothing has changed then
   */
  #decideAndKeep(observations: readonly Observation[]): Decided<Effect> {
    const { store, outbox } = this.#parts;
    let state = this.#state;
    let json = this.#savedJson;
    const effects: (CommonEffect | Effect)[] = [];
    const notifiedFrom: Instant[] = [];
    for (const observation of observations) {
      const decision = this.#monitor.decide(state, observation);
      state = decision.state;
      for (const effect of decision.effects) {
        effects.push(effect);
        if (effect.kind === "notify") notifiedFrom.push(observedAt(observation) ?? this.#parts.clock.now());
      }
    }
    if (state !== this.#state) json = JSON.stringify(this.#monitor.kept?.(state) ?? state);
    const changed = json !== undefined && json !== this.#savedJson;
    const owed = effects.filter((effect) => effect.kind === "notify" || effect.kind === "supersede");
    if (changed || owed.length > 0) {
      store.transaction(() => {
        if (changed && json !== undefined) store.save(this.#monitor.name, json);
        for (const effect of owed as readonly CommonEffect[]) {
          if (effect.kind === "notify") outbox.add(effect.subject, effect.notification);
          else if (effect.kind === "supersede") outbox.supersede(effect.subject, effect.reason, effect.which);
        }
      });
    }
    this.#state = state;
    this.#savedJson = json;
    return { effects, notifiedFrom };
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
        this.#history.logged(effect.text, this.#parts.clock.now());
    }
  }

  #wake(key: string, afterMs: number): void {
    const { clock } = this.#parts;
    if (this.#signal.aborted) return;
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

/** What some observations come to. */
interface Decided<Effect> {
  readonly effects: readonly (CommonEffect | Effect)[];
  /** For each notification among them, when what it is decided from was observed. */
  readonly notifiedFrom: readonly Instant[];
}

/** An observation has the time at which it was seen; those of a test may have none. */
const observedAt = (observation: unknown): Instant | undefined => (observation as { at?: Instant }).at;

/** Once everything else that is ready in the program has had its turn, I/O included. */
function afterPause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
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
