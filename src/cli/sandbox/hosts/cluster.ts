import type { ClusterObservation, FencingEvent, HostObservation } from "../../../host/driver.ts";
import type { Clock } from "../../../system/clock.ts";
import type { Machine } from "./machine.ts";

type Span = readonly [low: number, high: number];

/** How long things take, at least and at most, ms. */
export interface Durations {
  /** Corosync's token time-out and Pacemaker's election. */
  readonly noticed: Span;
  readonly fencing: Span;
  /** By a slow BMC. */
  readonly slowFencing: Span;
  /** After it has failed. */
  readonly fencingAgain: Span;
  readonly boot: Span;
}

const DURATIONS: Durations = {
  noticed: [1500, 6000],
  fencing: [2000, 25_000],
  slowFencing: [30_000, 180_000],
  fencingAgain: [20_000, 60_000],
  boot: [20_000, 240_000],
};
/** So long after it has joined, a host's own part is not settled, ms. */
const SETTLING_MS = 4000;
/** So long after its stack was started, a member has no fencing history of before: the controllers have it synchronised within 5 to 30 s. */
const HISTORY_SYNC_MS = 15_000;
/** So many fencing events are kept of each host. */
const KEPT_EVENTS = 8;

/** How long something takes: a whole number in [low, high]. */
export interface Chance {
  between(low: number, high: number): number;
}

export interface ClusterParts {
  readonly machines: readonly Machine[];
  readonly clock: Clock;
  readonly random: Chance;
  /** What fencing does to a host. */
  readonly fencing: "off" | "reboot" | "none";
  /** Like a real cluster's if absent. */
  readonly durations?: Durations;
  /** Called when the cluster's membership or its fencing history has changed. */
  readonly changed: () => void;
  readonly log: (line: string) => void;
}

/**
 * A cluster like Pacemaker's: the side with the majority of the members decides who is in, and fences whoever was lost. A
 * minority sees everybody else lost, and may do nothing.
 */
export class ClusterModel {
  maintenance = false;
  /** The network of the side that has quorum; undefined if none has. */
  quorate: number | undefined = 0;
  readonly #parts: ClusterParts;
  readonly #durations: Durations;
  #events: FencingEvent[] = [];
  #ids = 0;
  #noticing = false;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    this.#durations = parts.durations ?? DURATIONS;
  }

  /** The truth has changed; the cluster notices within seconds. */
  disturbed(): void {
    const { clock, random } = this.#parts;
    if (this.#noticing) return;
    this.#noticing = true;
    clock.setTimer(random.between(...this.#durations.noticed), () => {
      this.#noticing = false;
      this.#noticed();
    });
  }

  /** What the driver on this machine observes now; undefined while it observes nothing. */
  look(machine: Machine, interrupted: boolean, understood: boolean): ClusterObservation {
    const at = this.#parts.clock.now();
    const view = {
      kind: "cluster",
      at,
      interrupted,
      maintenance: { cluster: this.maintenance ? "yes" : "no" },
      fencing: this.#historyOn(machine),
      problems: [],
    } as const;
    const blind = !understood || !machine.participates || (machine.kind === "remote" && !this.#isIn(machine));
    if (blind) {
      const self = {
        name: machine.stack ? machine.name : undefined,
        stable: "unknown",
        reason: "the cluster does not answer",
      } as const;
      const unread = { fencing: undefined, maintenance: { cluster: "unknown" }, complete: false, hosts: [] } as const;
      return { ...view, ...unread, self, quorum: "unknown", heartbeat: "unknown" };
    }
    const isIn = this.#isIn(machine);
    const settled = isIn && at.mono - machine.joinedAt >= SETTLING_MS;
    const self = { name: machine.name, stable: settled || !isIn ? "yes" : "no" } as const;
    const hosts = this.#parts.machines.map((other) => (isIn ? this.#seenBy(other) : this.#seenAlone(other, machine)));
    const heard = this.#parts.machines.some(
      (other) => other !== machine && other.network === machine.network && other.participates,
    );
    return { ...view, self, complete: true, hosts, quorum: isIn ? "yes" : "no", heartbeat: heard ? "heard" : "silent" };
  }

  /** A person makes sure that the host is off, and confirms that to the cluster. */
  confirm(machine: Machine): void {
    machine.die(this.#parts.clock.now().mono, "off", false);
    this.#record(machine, { action: "off", status: "success", byHand: true, delegate: "a human" });
    machine.expected = false;
    this.disturbed();
  }

  /** A person has the host fenced. */
  order(machine: Machine): void {
    this.#fence(machine, "person");
  }

  #isIn(machine: Machine): boolean {
    return this.quorate !== undefined && machine.online && machine.participates && machine.network === this.quorate;
  }

  #historyOn({ kind, fencerSince = 0 }: Machine): readonly FencingEvent[] {
    if (kind === "remote" || this.#parts.clock.now().wall - fencerSince >= HISTORY_SYNC_MS) return this.#events;
    return this.#events.filter(({ completedAt = fencerSince }) => completedAt >= fencerSince);
  }

  #seenBy(machine: Machine): HostObservation {
    const { name, kind, online, expected, maintenance, standby, incarnation } = machine;
    const rest = { maintenance: maintenance ? "yes" : "no", standby: standby ? "yes" : "no" } as const;
    if (online) return { name, kind, state: "online", incarnation: String(incarnation), ...rest };
    return { name, kind, state: "offline", departure: expected ? "crash" : "expected", ...rest };
  }

  #seenAlone({ name, kind, network, participates }: Machine, by: Machine): HostObservation {
    if (kind === "member" && participates && network === by.network) return { name, kind, state: "online" };
    return { name, kind, state: "offline", departure: "crash" };
  }

  #noticed(): void {
    const { machines, clock, log, changed } = this.#parts;
    const members = machines.filter(({ kind }) => kind === "member");
    const networks = new Set(members.map(({ network }) => network));
    this.quorate = [...networks].find(
      (network) => members.filter((one) => one.participates && one.network === network).length > members.length / 2,
    );
    if (this.quorate !== undefined) {
      for (const machine of machines) {
        if (!machine.alive || !machine.stack) machine.fencerSince = undefined;
        const online = machine.participates && machine.network === this.quorate;
        if (online !== machine.online) {
          log(`${machine.name} is ${online ? "in" : "lost"}`);
          machine.online = online;
          if (online) {
            machine.expected = true;
            machine.incarnation += 1;
            machine.joinedAt = clock.now().mono;
            machine.fencerSince ??= clock.now().wall;
          }
        }
        if (!online && machine.expected) this.#fence(machine, "cluster");
      }
    }
    changed();
  }

  #fence(machine: Machine, requestedBy: FencingEvent["requestedBy"]): void {
    const { random, clock, fencing, log } = this.#parts;
    const inMaintenance = requestedBy === "cluster" && (this.maintenance || machine.maintenance);
    if (machine.fencingPending || fencing === "none" || inMaintenance || this.quorate === undefined) return;
    machine.fencingPending = true;
    log(`fencing of ${machine.name} begins (${fencing})`);
    const pending = this.#record(machine, { action: fencing, status: "pending", byHand: false, requestedBy });
    const takes = machine.bmc === "slow" ? this.#slowFencing(machine) : random.between(...this.#durations.fencing);
    clock.setTimer(takes, () => {
      machine.fencingPending = false;
      this.#events = this.#events.filter(({ id }) => id !== pending);
      const succeeds = machine.bmc !== "dead" && machine.bmc !== "none" && this.quorate !== undefined;
      log(`fencing of ${machine.name} ${succeeds ? "succeeded" : "failed"} (${fencing})`);
      this.#record(machine, { action: fencing, status: succeeds ? "success" : "failed", byHand: false, requestedBy });
      if (succeeds) {
        machine.die(clock.now().mono, "off", true);
        machine.expected = false;
        // The controller takes it out at once, before Corosync misses it.
        machine.online = false;
        if (fencing === "reboot") this.bootLater(machine);
      } else clock.setTimer(random.between(...this.#durations.fencingAgain), () => this.disturbed());
      this.disturbed();
      this.#parts.changed();
    });
  }

  #slowFencing({ bmcDelayMs }: Machine): number {
    return bmcDelayMs ?? this.#parts.random.between(...this.#durations.slowFencing);
  }

  /** Its power is on now, and some time later it runs. */
  bootLater(machine: Machine): void {
    const { clock, random } = this.#parts;
    const { boots } = machine;
    machine.power = "on";
    clock.setTimer(random.between(...this.#durations.boot), () => {
      if (machine.boots !== boots || machine.power === "off") return;
      machine.boot(clock.now().mono);
      this.disturbed();
      this.#parts.changed();
    });
  }

  #record(machine: Machine, event: Pick<FencingEvent, "action" | "status" | "byHand"> & Partial<FencingEvent>): string {
    const id = `event-${this.#ids++}`;
    const completedAt = Math.floor(this.#parts.clock.now().wall / 1000) * 1000;
    const whole = {
      id,
      target: machine.name,
      requestedBy: "cluster" as const,
      delegate: this.#delegate(machine),
      ...event,
    };
    const recorded = event.status === "pending" ? whole : { ...whole, completedAt };
    const earlier = this.#events.filter(({ target }) => target === machine.name);
    const kept = new Set([recorded, ...earlier].slice(0, KEPT_EVENTS));
    this.#events = [recorded, ...this.#events.filter((one) => one.target !== machine.name || kept.has(one))];
    return id;
  }

  /** The member that carries out the fencing. */
  #delegate(target: Machine): string {
    return (
      this.#parts.machines.find((one) => one !== target && one.kind === "member" && this.#isIn(one))?.name ?? "none"
    );
  }
}
