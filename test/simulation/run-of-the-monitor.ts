import { runMonitor } from "../../src/monitor/run.ts";
import type { Attempt } from "../../src/notify/delivery.ts";
import { Dispatcher } from "../../src/notify/dispatcher.ts";
import type { Notification } from "../../src/notify/notification.ts";
import { Outbox } from "../../src/notify/outbox.ts";
import { type Contents, openStateFile, type StateFile } from "../../src/notify/state-file.ts";
import { Store } from "../../src/notify/store.ts";
import type { Clock, Timer } from "../../src/system/clock.ts";
import type { Logger } from "../../src/system/log.ts";
import { flappingMonitor, type ProcessWorld } from "./flapping-monitor.ts";

/** What one run of the monitor touches outside itself. Each call is a step at which it may be killed. */
export interface Surroundings {
  readonly clock: Clock;
  readonly log: Logger;
  readonly processes: ProcessWorld;
  readonly statePath: string;
  readonly expiryMs: number;
  readonly maxInFlight: number;
  readonly random: () => number;
  /** Called at each step; a kill happens in it. */
  step(): void;
  diskIsFull(): boolean;
  loaded(contents: Contents, file: StateFile): void;
  added(notification: Notification): void;
  post(notification: Notification, signal: AbortSignal): Promise<Attempt>;
  answered(notification: Notification, attempt: Attempt): void;
}

const never = new Promise<never>(() => undefined);

/** One run of the monitor's process. Once killed, nothing that is left of it can reach disk, network, or time. */
export class Run {
  #alive = true;
  readonly #world: Surroundings;
  readonly #timers = new Set<Timer>();
  readonly #stop = new AbortController();
  #file: StateFile | undefined;
  #store: Store | undefined;

  constructor(world: Surroundings) {
    this.#world = world;
  }

  get alive(): boolean {
    return this.#alive;
  }

  get degraded(): boolean {
    return this.#store?.degraded !== undefined;
  }

  get pending(): number {
    return this.#store?.pendingCount ?? 0;
  }

  start(): void {
    const { log, statePath, expiryMs, maxInFlight, random } = this.#world;
    const clock = this.#clock();
    const bootId = "boot";
    const store = new Store({ statePath, program: "simulated", clock, log, bootId, open: (path) => this.#open(path) });
    this.#store = store;
    store.open();
    const outbox = new WatchedOutbox({ store, clock, log, bootId, expiryMs }, this, this.#world);
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
    const parts = { store, outbox, dispatcher, clock, log };
    void runMonitor(flappingMonitor(this.#world.processes), parts, this.#stop.signal).then(() => {
      if (this.#alive) store.close();
      this.#alive = false;
    });
  }

  /** As SIGTERM does; `alive` is false when the program has ended. */
  stop(): void {
    this.#stop.abort(new Error("stopped"));
  }

  /** As SIGKILL does. */
  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const timer of this.#timers) timer.cancel();
    this.#stop.abort(new Error("killed"));
    this.#file?.close();
  }

  #step(): void {
    if (this.#alive) this.#world.step();
    if (!this.#alive) throw new Error("killed");
  }

  #open(path: string): StateFile {
    if (!this.#alive) throw new Error("killed");
    const file = openStateFile(path);
    this.#file = file;
    return {
      load: () => {
        const contents = file.load();
        this.#world.loaded(contents, file);
        return contents;
      },
      read: (id) => file.read(id),
      write: (batch) => {
        this.#step();
        if (this.#world.diskIsFull()) throw new Error("database or disk is full");
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

  #deliver(notification: Notification, signal: AbortSignal): Promise<Attempt> {
    try {
      this.#step();
    } catch {
      return never;
    }
    return this.#world.post(notification, signal).then((attempt) => {
      try {
        this.#step();
      } catch {
        return never;
      }
      this.#world.answered(notification, attempt);
      return attempt;
    });
  }

  #clock(): Clock {
    const { clock } = this.#world;
    const setTimer = (delayMs: number, callback: () => void): Timer => {
      if (!this.#alive) return { cancel: () => undefined };
      const timer = clock.setTimer(delayMs, () => {
        this.#timers.delete(timer);
        callback();
      });
      this.#timers.add(timer);
      return timer;
    };
    const sleep = (delayMs: number, signal: AbortSignal): Promise<void> =>
      this.#alive ? clock.sleep(delayMs, signal) : never;
    return { now: () => clock.now(), setTimer, sleep };
  }
}

/** Tells the simulation what became durable; it hears it before the dispatcher does. */
class WatchedOutbox extends Outbox {
  readonly #store: Store;
  readonly #run: Run;
  readonly #world: Surroundings;

  constructor(options: ConstructorParameters<typeof Outbox>[0], run: Run, world: Surroundings) {
    super(options);
    this.#store = options.store;
    this.#run = run;
    this.#world = world;
  }

  override add(subject: string, notification: Notification): string {
    this.#store.afterCommit(() => this.#run.alive && this.#world.added(notification));
    return super.add(subject, notification);
  }
}
