import type { Monitor, OwnEffect } from "../../../src/monitor/contract.ts";
import { runMonitor } from "../../../src/monitor/run.ts";
import type { DeliveryResult } from "../../../src/notify/delivery.ts";
import { Dispatcher } from "../../../src/notify/dispatcher.ts";
import type { Notification } from "../../../src/notify/notification.ts";
import { Outbox } from "../../../src/notify/outbox.ts";
import type { StateFile } from "../../../src/notify/state-file.ts";
import { Store } from "../../../src/notify/store.ts";
import type { Logger } from "../../../src/system/log.ts";
import type { Program, ProgramParts } from "./program.ts";
import { ProgramClock } from "./program-clock.ts";

const DAY_MS = 86_400_000;
const never = new Promise<never>(() => undefined);

/** One run of a simulated program, from its start to its end. */
export class ProgramRun<State, Observation, Effect extends OwnEffect> {
  readonly #parts: ProgramParts<State, Observation, Effect>;
  readonly #program: Program<State, Observation, Effect>;
  readonly #clock: ProgramClock;
  readonly #stop = new AbortController();
  #alive = true;
  #file: StateFile | undefined;
  #store: Store | undefined;
  #observe: ((observation: Observation) => void) | undefined;
  #failSensing: (error: Error) => void = () => undefined;
  #frozenAt: number | undefined;

  constructor(parts: ProgramParts<State, Observation, Effect>, program: Program<State, Observation, Effect>) {
    this.#parts = parts;
    this.#program = program;
    this.#clock = new ProgramClock(parts.clock, parts.wallOffset ?? (() => 0));
  }

  get alive(): boolean {
    return this.#alive;
  }

  get degraded(): string | undefined {
    return this.#store?.degraded;
  }

  get pending(): number {
    return this.#store?.pendingCount ?? 0;
  }

  start(): void {
    const { statePath, expiryMs = DAY_MS, maxInFlight = 8, random, bootId } = this.#parts;
    const clock = this.#clock;
    const log = this.#log();
    const boot = bootId();
    const open = (path: string): StateFile => this.#open(path);
    const store = new Store({ statePath, program: "simulated", clock, log, bootId: boot, open });
    this.#store = store;
    store.open();
    const outbox = new WatchedOutbox({ store, clock, log, bootId: boot, expiryMs, random }, (subject, notification) => {
      if (this.#alive) this.#watched(() => this.#parts.watch?.added?.(subject, notification));
    });
    const dispatcher = new Dispatcher({
      outbox,
      clock,
      log,
      deliver: (notification, signal) => this.#deliver(notification, signal),
      retryPolicy: { retryMax: 3, retryIntervalMs: 10_000, backoffMaxMs: 60_000 },
      maxInFlight,
      attemptTimeoutMs: 30_000,
      random,
    });
    const monitor = this.#monitor(log);
    this.#program.state = monitor.initial;
    const recorder = this.#parts.recorder?.(clock, boot);
    void runMonitor(monitor, { store, outbox, dispatcher, clock, log, recorder }, this.#stop.signal).then(() => {
      if (this.#alive) store.close();
      this.#alive = false;
    });
  }

  stop(): void {
    this.#stop.abort(new Error("stopped"));
  }

  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#clock.end();
    this.#stop.abort(new Error("killed"));
    this.#file?.close();
  }

  freeze(): void {
    if (this.#frozenAt !== undefined) return;
    this.#frozenAt = this.#clock.now().mono;
    this.#clock.freeze();
  }

  thaw(): number {
    if (this.#frozenAt === undefined) return 0;
    const forMs = this.#clock.now().mono - this.#frozenAt;
    this.#frozenAt = undefined;
    this.#clock.thaw();
    return forMs;
  }

  failSensing(error: Error): void {
    this.#failSensing(error);
  }

  observe(observation: Observation): void {
    if (this.#alive && this.#frozenAt === undefined) this.#observe?.(observation);
  }

  #monitor(log: Logger): Monitor<State, Observation, Effect> {
    const monitor = this.#parts.monitor(this.#clock, log);
    return {
      ...monitor,
      restore: (saved, onUnreadable) => {
        const restored = monitor.restore(saved, onUnreadable);
        if (restored !== undefined) this.#program.state = restored;
        return restored;
      },
      decide: (state, observation) => {
        const decision = monitor.decide(state, observation);
        this.#program.state = decision.state;
        this.#watched(() => this.#parts.watch?.decided?.(state, observation, decision));
        return decision;
      },
      sense: async (observe, signal) => {
        const failed = Promise.withResolvers<never>();
        this.#observe = observe;
        this.#failSensing = failed.reject;
        await Promise.race([monitor.sense(observe, signal), failed.promise]);
      },
      act: (effect, observe, signal) => (this.#alive ? monitor.act(effect, observe, signal) : never),
    };
  }

  /** What the simulation finds wrong is not the program's failure. */
  #watched(look: () => void): void {
    try {
      look();
    } catch (error) {
      this.#program.failure ??= error;
    }
  }

  #log(): Logger {
    const line = (level: string) => (text: string) => {
      if (!this.#alive) return;
      if (text.startsWith("Defect")) this.#program.failure ??= new Error(text);
      this.#parts.watch?.logged?.(level, text);
    };
    const log: Logger = {
      debug: line("debug"),
      info: line("info"),
      warning: line("warning"),
      error: line("error"),
      critical: line("critical"),
      named: () => log,
    };
    return log;
  }

  #step(): void {
    if (this.#alive) this.#parts.watch?.step?.();
    if (!this.#alive) throw new Error("killed");
  }

  #open(path: string): StateFile {
    if (!this.#alive) throw new Error("killed");
    const file = this.#parts.openFile(path);
    this.#file = file;
    return {
      load: () => {
        const contents = file.load();
        this.#parts.watch?.loaded?.(contents, file);
        return contents;
      },
      read: (id) => file.read(id),
      write: (batch) => {
        this.#step();
        file.write(batch);
        this.#step();
      },
      ended: () => file.ended(),
      close: () => {
        if (this.#file === file) this.#file = undefined;
        if (this.#alive) file.close();
      },
    };
  }

  async #deliver(notification: Notification, signal: AbortSignal): Promise<DeliveryResult> {
    const { watch, post } = this.#parts;
    if (!this.#survivesStep()) return never;
    this.#watched(() => watch?.attempted?.(notification));
    const result = await this.#clock.received(post(notification, signal));
    if (!this.#survivesStep()) return never;
    this.#watched(() => watch?.responded?.(notification, result));
    return result;
  }

  #survivesStep(): boolean {
    try {
      this.#step();
      return true;
    } catch {
      return false;
    }
  }
}

/** Shows what becomes durable, before the dispatcher is informed. */
class WatchedOutbox extends Outbox {
  readonly #store: Store;
  readonly #onAdd: (subject: string, notification: Notification) => void;
  #added: { readonly subject: string; readonly notification: Notification }[] = [];

  constructor(
    options: ConstructorParameters<typeof Outbox>[0],
    onAdd: (subject: string, notification: Notification) => void,
  ) {
    super(options);
    this.#store = options.store;
    this.#onAdd = onAdd;
  }

  override add(subject: string, notification: Notification): string {
    this.#added.push({ subject, notification });
    this.#store.afterCommit(() => this.#show());
    return super.add(subject, notification);
  }

  /** The end of one notification lets the dispatcher take the next of its subject, perhaps one of the same transaction. */
  override supersede(...given: Parameters<Outbox["supersede"]>): ReturnType<Outbox["supersede"]> {
    this.#store.afterCommit(() => this.#show());
    return super.supersede(...given);
  }

  #show(): void {
    const added = this.#added;
    this.#added = [];
    for (const { subject, notification } of added) this.#onAdd(subject, notification);
  }
}
