import { decide } from "../../src/host/decide.ts";
import type { ClusterObservation, HostDriver } from "../../src/host/driver.ts";
import { type FencingDevice, Secret } from "../../src/host/fencing-device.ts";
import { hostMonitor } from "../../src/host/monitor.ts";
import type { HostMonitorObservation, HostSettings, Orders } from "../../src/host/observation.ts";
import { type HostsState, initialState } from "../../src/host/state.ts";
import { runMonitor } from "../../src/monitor/run.ts";
import type { Attempt } from "../../src/notify/delivery.ts";
import { Dispatcher } from "../../src/notify/dispatcher.ts";
import type { Notification } from "../../src/notify/notification.ts";
import { Outbox } from "../../src/notify/outbox.ts";
import { Store } from "../../src/notify/store.ts";
import type { MemoryStateFile } from "../support/harness/memory-state-file.ts";
import { ProgramClock } from "../support/harness/program-clock.ts";
import { KeptLog } from "../support/kept-log.ts";
import type { Seeded } from "../support/seeded.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";
import type { Machine } from "./host-machine.ts";

/** A program that stands still for longer notices it, ms: `STALL_MS` and `PULSE_MS` of host/sense.ts. */
const NOTICED_STALL_MS = 6000;

/** What one run of a host monitor touches outside itself. */
export interface Surroundings {
  readonly machine: Machine;
  readonly clock: VirtualClock;
  readonly random: Seeded;
  readonly settings: HostSettings;
  readonly file: MemoryStateFile;
  readonly wallOffset: () => number;
  look(interrupted: boolean): ClusterObservation;
  orders(): Orders;
  power(host: string): Promise<{ readonly power: "on" | "off" | "unknown"; readonly devices: number }>;
  isNotified(hostname: string, since: number, status: string): Promise<boolean>;
  post(notification: Notification, signal: AbortSignal): Promise<Attempt>;
  /** A look is taken in. */
  looked(look: ClusterObservation): void;
  added(notification: Notification): void;
  line(text: string): void;
}

/** One run of the host monitor's program on one machine. */
export class HostProgram {
  state: HostsState = initialState;
  readonly #world: Surroundings;
  readonly #clock: ProgramClock;
  readonly #stop = new AbortController();
  #observe: ((observation: HostMonitorObservation) => void) | undefined;
  #wanted = false;
  #lookSoon: () => void = () => undefined;
  #frozenAt: number | undefined;
  #ended = false;

  constructor(world: Surroundings) {
    this.#world = world;
    this.#clock = new ProgramClock(world.clock, world.wallOffset);
  }

  start(): void {
    const { file, machine, settings, random } = this.#world;
    const clock = this.#clock;
    const bootId = `boot-${machine.boots}`;
    const log = new KeptLog();
    const store = new Store({ statePath: "/", program: "hosts", clock, log, bootId, open: () => file.open() });
    store.open();
    const outbox = new WatchedOutbox({ store, clock, log, bootId, expiryMs: 86_400_000 }, this.#world);
    const dispatcher = new Dispatcher({
      outbox,
      clock,
      log,
      deliver: (notification, signal) => clock.received(this.#world.post(notification, signal)),
      retryPolicy: { retryMax: 3, retryIntervalMs: 10_000, backoffMaxMs: 60_000 },
      maxInFlight: 8,
      attemptTimeoutMs: 30_000,
      random: random.next,
    });
    const monitor = hostMonitor({
      settings,
      driver: this.#driver(),
      api: {
        segmentHosts: () => Promise.resolve({ hosts: [], restMs: 0 }),
        isNotified: ({ hostname, since, status }) => clock.received(this.#world.isNotified(hostname, since, status)),
      },
      askNova: () => Promise.reject(new Error("not asked")),
      checkPower: async ({ address }) => {
        const { power } = await clock.received(this.#world.power(address));
        return { power, reason: `its power is ${power}` };
      },
      readOrders: () => Promise.resolve(this.#world.orders()),
      segmentsEveryMs: () => 600_000,
      random: () => 0,
      bootId,
      clock,
      log,
    });
    const watched: typeof monitor = {
      ...monitor,
      sense: (observe, signal) => this.#sense(observe, signal),
      decide: (state, observation) => {
        const decision = decide(state, observation);
        this.state = decision.state;
        if (observation.kind === "cluster") this.#world.looked(observation);
        for (const effect of decision.effects) if (effect.kind === "log") this.#world.line(effect.text);
        return decision;
      },
    };
    void runMonitor(watched, { store, outbox, dispatcher, clock, log }, this.#stop.signal);
  }

  /** Its machine or the program itself stands still. */
  freeze(): void {
    if (this.#frozenAt !== undefined) return;
    this.#frozenAt = this.#clock.now().mono;
    this.#clock.freeze();
  }

  thaw(): void {
    if (this.#frozenAt === undefined) return;
    const forMs = this.#clock.now().mono - this.#frozenAt;
    this.#frozenAt = undefined;
    if (forMs > NOTICED_STALL_MS) this.#tell({ kind: "stalled", at: this.#clock.now(), forMs });
    this.#clock.thaw();
  }

  /** As SIGKILL does. */
  kill(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#clock.end();
    this.#stop.abort(new Error("killed"));
  }

  /** Something in the cluster has changed: alerts have it look at once. */
  lookNow(): void {
    this.#wanted = true;
    this.#lookSoon();
  }

  /** An operator has commanded something, or the wall clock was set. */
  ordersChanged(): void {
    this.#tell({ kind: "orders", at: this.#clock.now(), orders: this.#world.orders() });
  }

  clockSet(byMs: number): void {
    if (Math.abs(byMs) > 60_000) this.#tell({ kind: "stalled", at: this.#clock.now(), forMs: Math.abs(byMs) });
  }

  #tell(observation: HostMonitorObservation): void {
    if (!this.#ended && this.#frozenAt === undefined) this.#observe?.(observation);
  }

  #driver(): HostDriver {
    return {
      name: "simulated",
      sense: () => Promise.reject(new Error("sensed by the simulation")),
      lookNow: () => this.lookNow(),
      findFencingDevices: async (host) => {
        const { devices } = await this.#clock.received(this.#world.power(host));
        return { devices: Array.from({ length: devices }, () => deviceOf(host)) };
      },
    };
  }

  /** Looks at start, at each interval, and soon after it is asked to; each look takes its time. */
  async #sense(observe: (observation: HostMonitorObservation) => void, signal: AbortSignal): Promise<void> {
    const { settings, random, machine } = this.#world;
    const clock = this.#clock;
    this.#observe = observe;
    observe({ kind: "started", at: clock.now(), bootId: `boot-${machine.boots}`, settings });
    observe({ kind: "orders", at: clock.now(), orders: this.#world.orders() });
    let interrupted = true;
    while (!signal.aborted) {
      this.#wanted = false;
      const look = this.#world.look(interrupted);
      await clock.sleep(random.between(50, 1500), signal).catch(() => undefined);
      if (signal.aborted) return;
      observe(look);
      interrupted = look.quorum === "unknown";
      if (this.#wanted) continue;
      const asked = new Promise<void>((resolve) => {
        this.#lookSoon = resolve;
      });
      const rest = new AbortController();
      const onAbort = (): void => rest.abort();
      signal.addEventListener("abort", onAbort, { once: true });
      await Promise.race([asked, clock.sleep(settings.monitoring_interval * 1000, rest.signal).catch(() => undefined)]);
      signal.removeEventListener("abort", onAbort);
      rest.abort();
    }
  }
}

function deviceOf(address: string): FencingDevice {
  return {
    id: `st-${address}`,
    address,
    user: "admin",
    password: { from: "value", value: new Secret("x") },
    protocol: "ipmi",
    interface: "lanplus",
  };
}

/** Lets the simulation know what becomes durable. */
class WatchedOutbox extends Outbox {
  readonly #store: Store;
  readonly #world: Surroundings;

  constructor(options: ConstructorParameters<typeof Outbox>[0], world: Surroundings) {
    super(options);
    this.#store = options.store;
    this.#world = world;
  }

  override add(subject: string, notification: Notification): string {
    this.#store.afterCommit(() => this.#world.added(notification));
    return super.add(subject, notification);
  }
}
