import type { Machine } from "../../src/cli/sandbox/hosts/machine.ts";
import { decide } from "../../src/host/decide.ts";
import type { ClusterObservation, HostDriver } from "../../src/host/driver.ts";
import { type FencingDevice, type PowerResult, Secret } from "../../src/host/fencing-device.ts";
import { LookSchedule } from "../../src/host/look-schedule.ts";
import { MasakariHosts } from "../../src/host/masakari/masakari-hosts.ts";
import { hostMonitor } from "../../src/host/monitor.ts";
import type { HostSettings, Orders } from "../../src/host/observation.ts";
import { type HostsState, initialState } from "../../src/host/state.ts";
import { runMonitor } from "../../src/monitor/run.ts";
import type { DeliveryResult } from "../../src/notify/delivery.ts";
import { Dispatcher } from "../../src/notify/dispatcher.ts";
import type { Notification } from "../../src/notify/notification.ts";
import { Outbox } from "../../src/notify/outbox.ts";
import { Store } from "../../src/notify/store.ts";
import { SegmentHosts } from "../../src/openstack/segment-hosts.ts";
import type { MemoryRecording } from "../support/harness/memory-recording.ts";
import type { MemoryStateFile } from "../support/harness/memory-state-file.ts";
import { ProgramClock } from "../support/harness/program-clock.ts";
import { KeptLog } from "../support/kept-log.ts";
import type { Seeded } from "../support/seeded.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";
import type { Took } from "./host-durations.ts";
import type { HostClient } from "./host-masakari.ts";
import { QuickSense } from "./host-quick-sense.ts";

/** What one run of a host monitor touches outside itself. */
export interface Surroundings {
  readonly machine: Machine;
  /** `whole`: as the program senses. `quick`: without its pulse and its polling of orders, see `QuickSense`. */
  readonly sensing: "whole" | "quick";
  readonly clock: VirtualClock;
  readonly random: Seeded;
  readonly settings: HostSettings;
  readonly file: MemoryStateFile;
  readonly recording: MemoryRecording | undefined;
  readonly wallOffset: () => number;
  readonly masakari: () => HostClient;
  look(interrupted: boolean): ClusterObservation;
  /** What the program makes of a look, where a test has it misread the cluster. */
  misread?: ((look: ClusterObservation) => ClusterObservation) | undefined;
  orders(): Orders;
  /** Masakari was asked whether a loss is known to it, and has not responded. */
  noResponse(): void;
  /** How many fencing devices the cluster has for a host. */
  devices(host: string): number;
  power(host: string): Promise<PowerResult["power"]>;
  post(notification: Notification, signal: AbortSignal): Promise<DeliveryResult>;
  /** A look is taken in. */
  looked(look: ClusterObservation): void;
  /** It is decided, on the latest look; not durable yet. */
  decidedOn(notification: Notification): void;
  added(notification: Notification): void;
  line(text: string): void;
  /** How long a decision took. */
  decided(kind: string, took: Took): void;
}

/** One run of the host monitor's program on one machine: the real monitor, loop, outbox and delivery on simulated surroundings. */
export class HostProgram {
  state: HostsState = initialState;
  readonly #world: Surroundings;
  readonly #clock: ProgramClock;
  readonly #stop = new AbortController();
  readonly #looks = new Map<ClusterObservation, ClusterObservation>();
  readonly #schedule: LookSchedule;
  readonly #quick: QuickSense | undefined;
  #ended = false;

  constructor(world: Surroundings) {
    this.#world = world;
    this.#clock = new ProgramClock(world.clock, world.wallOffset);
    this.#schedule = new LookSchedule(this.#clock, () => world.settings.monitoring_interval * 1000);
    this.#quick = world.sensing === "quick" ? new QuickSense(this.#clock, () => world.orders()) : undefined;
  }

  start(): void {
    const { file, machine, settings, random, masakari } = this.#world;
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
    const client = (): HostClient => onClock(masakari(), clock);
    const api = new MasakariHosts({ client, segmentHosts: new SegmentHosts({ client, clock }), clock });
    const monitor = hostMonitor({
      settings,
      driver: this.#driver(),
      api: {
        segmentHosts: (hostnames, signal) => api.segmentHosts(hostnames, signal),
        findReport: (loss, signal) =>
          api.findReport(loss, signal).catch((error: Error) => {
            this.#world.noResponse();
            throw error;
          }),
      },
      askNova: () => Promise.reject(new Error("not asked")),
      checkPower: async ({ address }) => {
        const power = await clock.received(this.#world.power(address));
        return { power, reason: power === "unknown" ? "its BMC does not answer" : `its BMC reports ${power}` };
      },
      readOrders: () => Promise.resolve(this.#world.orders()),
      segmentsEveryMs: () => 600_000,
      random: () => 0,
      bootId,
      clock,
      log,
    });
    const quick = this.#quick;
    const watched: typeof monitor = {
      ...monitor,
      ...(quick !== undefined && {
        sense: (observe, signal) =>
          quick.sense({ bootId, settings, api }, observe, signal, () =>
            this.#sense((look) => quick.observe(look), signal),
          ),
      }),
      decide: (state, observation) => {
        const [began, used] = [performance.now(), process.threadCpuUsage()];
        const decision = decide(state, observation);
        const { user, system } = process.threadCpuUsage(used);
        this.#world.decided(observation.kind, { ms: performance.now() - began, cpuMs: (user + system) / 1000 });
        this.state = decision.state;
        if (observation.kind === "cluster") this.#takeIn(observation);
        for (const effect of decision.effects) {
          if (effect.kind === "log") this.#world.line(effect.text);
          if (effect.kind === "notify") this.#world.decidedOn(effect.notification);
        }
        return decision;
      },
    };
    const recorder = this.#world.recording?.recorder(clock, bootId);
    void runMonitor(watched, { store, outbox, dispatcher, clock, log, recorder }, this.#stop.signal);
  }

  /** Its machine or the program itself stands still. */
  freeze(): void {
    this.#quick?.freeze();
    this.#clock.freeze();
  }

  thaw(): void {
    this.#quick?.thaw();
    this.#clock.thaw();
  }

  /** Its host's wall clock was set, or an operator has commanded something. */
  outsideChanged(clockSetByMs = 0): void {
    if (!this.#ended) this.#quick?.outsideChanged(clockSetByMs);
  }

  /** As SIGKILL does. */
  kill(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#clock.end();
    this.#stop.abort(new Error("killed"));
  }

  /** Something in the cluster has changed: alerts have it look at once. */
  alert(): void {
    this.#schedule.event();
  }

  #takeIn(observation: ClusterObservation): void {
    const look = this.#looks.get(observation) ?? observation;
    this.#looks.clear();
    this.#world.looked(look);
  }

  #driver(): HostDriver {
    return {
      name: "simulated",
      sense: (observe, signal) => this.#sense(observe, signal),
      lookNow: () => this.#schedule.lookNow(),
      findFencingDevices: (host) =>
        Promise.resolve({ devices: Array.from({ length: this.#world.devices(host) }, () => deviceOf(host)) }),
    };
  }

  /** Looks when Pacemaker's driver does; each look takes its time. */
  async #sense(observe: (observation: ClusterObservation) => void, signal: AbortSignal): Promise<void> {
    const { random, misread } = this.#world;
    const clock = this.#clock;
    let interrupted = true;
    while (!signal.aborted) {
      const look = this.#world.look(interrupted);
      await clock.sleep(random.between(50, 1500), signal).catch(() => undefined);
      if (signal.aborted) return;
      const taken = misread?.(look) ?? look;
      this.#looks.set(taken, look);
      observe(taken);
      interrupted = look.quorum === "unknown";
      await this.#schedule.untilNext(look, signal);
    }
  }
}

/** What the API responds with is taken in when the program runs. */
function onClock(client: HostClient, clock: ProgramClock): HostClient {
  return {
    listSegments: (query, options) => clock.received(client.listSegments(query, options)),
    listHosts: (segment, query, options) => clock.received(client.listHosts(segment, query, options)),
    listNotifications: (query, options) => clock.received(client.listNotifications(query, options)),
  };
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
