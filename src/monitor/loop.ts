import { isAmong } from "../notify/notification.ts";
import type { Outbox } from "../notify/outbox.ts";
import type { Store } from "../notify/store.ts";
import type { Conditions } from "../status/conditions.ts";
import type { Clock } from "../system/clock.ts";
import { defectLine } from "../system/guard.ts";
import type { Logger } from "../system/log.ts";
import { messageOf } from "../system/message-of.ts";
import { countOf } from "../system/plural.ts";
import { Actions } from "./actions.ts";
import { type CommonEffect, isCommon, type Monitor, type Observe, type OwnEffect } from "./contract.ts";
import { type Decided, decideQueued, type Owed, type Queued } from "./decide-queued.ts";
import { ObservationQueue } from "./observation-queue.ts";
import type { Progress } from "./progress.ts";
import type { Recorder } from "./recording/recorder.ts";
import { showObservation } from "./show-observation.ts";
import { StateRows } from "./state-rows.ts";
import { SubjectHistory } from "./subject-history.ts";
import { Wakes } from "./wakes.ts";

export interface LoopParts {
  readonly store: Store;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Logger;
  readonly progress: Progress;
  /** Where `setCondition` goes. */
  readonly conditions?: Conditions | undefined;
  /** What is decided is handed to it, after it was carried out. */
  readonly recorder?: Recorder | undefined;
}

/**
 * Takes observations in order through `decide`: first one transaction with the new state and its notifications, then the
 * other effects. What is observed while others are under way, or in a flood, waits: then many share a transaction.
 */
export class Loop<State, Observation, Effect extends OwnEffect> {
  readonly #monitor: Monitor<State, Observation, Effect>;
  readonly #parts: LoopParts;
  readonly #signal: AbortSignal;
  readonly #onFailure: (error: unknown) => void;
  #state: State;
  readonly #rows: StateRows<State>;
  readonly #queue: ObservationQueue<Queued<Observation>>;
  readonly #wakes: Wakes;
  readonly #actions: Actions<Observation, Effect>;
  readonly #history = new SubjectHistory();

  /**
   * @param signal ends the loop: later observations are ignored, wakes cancelled, effects under way aborted
   * @param onFailure called when `decide` threw, or its decision could not be kept; the state is as before then
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
    this.#rows = new StateRows(monitor, parts.store);
    this.#queue = new ObservationQueue({
      clock: parts.clock,
      take: (queued) => this.#steps(queued),
      onFlood: (error) => this.#onFlood(error),
    });
    this.#wakes = new Wakes(parts.clock, (key) => this.#woke(key));
    this.#actions = new Actions(monitor, parts, (observation, source) => this.#add({ observation, source }), signal);
    parts.progress.subjects = () => this.#history.inOrder(monitor.subjects?.map(this.#state).keys() ?? []);
  }

  /** Takes up the state of an earlier run. To be called once, before the first observation. */
  start(): void {
    const { log, store } = this.#parts;
    this.#signal.addEventListener("abort", () => this.#wakes.cancelAll(), { once: true });
    const restored = this.#restore();
    if (restored !== undefined && restored !== "nothing") this.#state = restored;
    this.#parts.recorder?.started(this.#monitor, this.#state);
    if (restored === "nothing") return;
    if (restored === undefined) log.warning(`The saved state of ${this.#monitor.name} is unreadable; starting fresh`);
    const rows = this.#rows.differing(this.#state);
    if (rows.size > 0) store.transaction(() => this.#save(rows));
    this.#changed(this.#monitor.subjects?.map(this.#state).keys() ?? []);
  }

  /**
   * A sensing run begins: until its signal aborts, what is decided belongs to it.
   * @returns with which it observes; ignored once it has ended
   */
  begin(runSignal: AbortSignal): Observe<Observation> {
    return this.#actions.begin(runSignal);
  }

  /**
   * Takes one observation. Returns when it is decided and its notifications are on disk, or queued: behind another, or
   * because the program has worked for long without a pause.
   */
  readonly observe = (observation: Observation): void => {
    this.#add({ observation, source: undefined });
  };

  #add(queued: Queued<Observation>): void {
    if (!this.#signal.aborted) this.#queue.add(queued);
  }

  /** Resolves when nothing waits and no effect is under way. What was observed before the end of the loop is decided. */
  async settled(): Promise<void> {
    while (this.#actions.isUnderWay || this.#queue.resuming !== undefined) {
      await Promise.all([this.#queue.resuming, this.#actions.settled()]);
    }
  }

  #onFlood(error: Error): void {
    this.#parts.log.error(`${this.#monitor.name}: ${error.message}; restarting sensing`);
    this.#onFailure(error);
  }

  /** @returns undefined if what was saved cannot be used */
  #restore(): State | "nothing" | undefined {
    try {
      const saved = this.#rows.read();
      if (saved === undefined) return "nothing";
      const problems: string[] = [];
      const restored = this.#monitor.restore(saved, (problem) => problems.push(problem));
      if (restored !== undefined && problems.length > 0) {
        this.#parts.log.warning(
          `The saved state of ${this.#monitor.name} has ${countOf(problems.length, "unreadable row")}; starting fresh for ` +
            `${problems.length === 1 ? "that" : "those"}, everything else is kept. The first: ${problems[0]}`,
        );
      }
      return restored;
    } catch (error) {
      this.#parts.log.error(`Reading the saved state of ${this.#monitor.name} failed: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** Several at once, or, if one of them cannot be decided or kept, one after the other. */
  #steps(queued: readonly Queued<Observation>[]): void {
    const before = this.#state;
    let decided: Decided<State, Observation, Effect>;
    try {
      decided = this.#decideAndKeep(queued);
    } catch (error) {
      const [only] = queued;
      if (queued.length > 1) for (const one of queued) this.#steps([one]);
      else this.#onDefect(only?.observation, error);
      return;
    }
    const { progress, clock } = this.#parts;
    progress.observations += queued.length;
    const now = clock.now();
    if (queued.some(({ isWake }) => !isWake)) progress.lastObservation = now;
    const { subjects } = this.#monitor;
    if (subjects !== undefined && this.#state !== before) {
      this.#changed(subjects.map(this.#state).changedSince(subjects.map(before)));
    }
    for (const { effect, from } of decided.owed) {
      if (effect.kind === "notify") progress.decisionLatency.record(now.mono - from.mono);
    }
    for (const { effects } of decided.steps) for (const effect of effects) this.#tryToCarryOut(effect);
    this.#parts.recorder?.decided(decided.steps, decided.state);
  }

  #onDefect(observation: Observation | undefined, error: unknown): void {
    const { progress, clock, log, recorder } = this.#parts;
    recorder?.failed(observation, messageOf(error));
    progress.observations += 1;
    progress.lastObservation = clock.now();
    progress.failedDecisions += 1;
    log.error(
      `Defect in ${this.#monitor.name}: deciding on ${showObservation(observation)} failed: ${messageOf(error)}. ` +
        "The observation is ignored and sensing is restarted; please report this line",
    );
    this.#onFailure(error);
  }

  /**
   * The state and the notifications that it counts as sent become durable together, or not at all.
   * @throws what `decide` or the outbox throws; nothing has changed then
   */
  #decideAndKeep(queued: readonly Queued<Observation>[]): Decided<State, Observation, Effect> {
    const { store, clock, recorder } = this.#parts;
    const decided = decideQueued(this.#monitor, this.#state, queued, { clock, isRecorded: recorder !== undefined });
    const { state, owed } = decided;
    const rows = this.#rows.changed(this.#state, state);
    if (rows.size > 0 || owed.length > 0) {
      store.transaction(() => {
        this.#save(rows);
        for (const one of owed) this.#owe(one);
      });
    }
    this.#state = state;
    return decided;
  }

  #save(rows: ReturnType<StateRows<State>["changed"]>): void {
    for (const [key, json] of rows) this.#parts.store.save(key, json);
  }

  #owe({ effect, from }: Owed): void {
    const { outbox } = this.#parts;
    if (effect.kind === "notify") outbox.add(effect.subject, effect.notification, from);
    else outbox.supersede(effect.subject, effect.reason, (notification) => isAmong(notification, effect.which));
  }

  /** Of these subjects it may be another than before how they are. */
  #changed(keys: Iterable<string>): void {
    const { subjects } = this.#monitor;
    if (subjects === undefined) return;
    const now = this.#parts.clock.now();
    const map = subjects.map(this.#state);
    for (const key of keys) {
      // What is decided has to be carried out, whether it can be shown or not.
      try {
        this.#history.changed(key, map.has(key) ? subjects.each(map.get(key), key) : undefined, now);
      } catch (error) {
        this.#logDefect(`showing ${key}`, error);
      }
    }
  }

  /** One effect that fails must keep neither the others nor the program from going on. */
  #tryToCarryOut(effect: CommonEffect | Effect): void {
    try {
      this.#carryOut(effect);
    } catch (error) {
      this.#parts.progress.failedEffects += 1;
      this.#logDefect(`carrying out ${effect.kind}`, error);
    }
  }

  #logDefect(what: string, error: unknown): void {
    this.#parts.log.error(defectLine(what, error, this.#monitor.name));
  }

  #carryOut(effect: CommonEffect | Effect): void {
    if (isCommon(effect)) this.#carryOutCommon(effect);
    else this.#actions.act(effect);
  }

  #carryOutCommon(effect: CommonEffect): void {
    const { clock, conditions, log, outbox, progress } = this.#parts;
    switch (effect.kind) {
      case "notify":
      case "supersede":
        return;
      case "wake":
        if (!this.#signal.aborted) this.#wakes.set(effect.key, effect.afterMs);
        return;
      case "cancelWake":
        this.#wakes.cancel(effect.key);
        return;
      case "cancel":
        this.#actions.cancel(effect.key);
        return;
      case "caughtUp":
        outbox.takeUpLeftovers();
        return;
      case "setCondition":
        conditions?.set(effect.condition, effect.problem);
        return;
      case "count":
        progress.counts.add(effect.counter, effect.labels, effect.ms);
        return;
      case "log":
        log[effect.level](effect.text);
        this.#history.logged(effect.text, clock.now());
    }
  }

  #woke(key: string): void {
    const at = this.#parts.clock.now();
    let observation: Observation;
    try {
      observation = this.#monitor.woke?.(key, at) ?? ({ kind: "woke", at, key } as Observation);
    } catch (error) {
      this.#onDefect({ kind: "woke", at, key } as Observation, error);
      return;
    }
    this.#add({ observation, source: undefined, isWake: true });
  }
}
