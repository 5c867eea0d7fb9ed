import { ClusterModel } from "../../src/cli/sandbox/hosts/cluster.ts";
import { Machine } from "../../src/cli/sandbox/hosts/machine.ts";
import type { ClusterObservation } from "../../src/host/driver.ts";
import type { PowerResult } from "../../src/host/fencing-device.ts";
import type { HostSettings, Orders } from "../../src/host/observation.ts";
import type { DeliveryResult } from "../../src/notify/delivery.ts";
import type { Notification } from "../../src/notify/notification.ts";
import type { MemoryRecording } from "../support/harness/memory-recording.ts";
import { MemoryStateFile } from "../support/harness/memory-state-file.ts";
import type { Seeded } from "../support/seeded.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { type DecisionTimes, Durations } from "./host-durations.ts";
import { HostInvariants } from "./host-invariants.ts";
import { SimulatedMasakari } from "./host-masakari.ts";
import { HostProgram } from "./host-program.ts";
import { HostTimeline } from "./host-timeline.ts";

/** `[host] ipmi_timeout`, ms. */
const IPMI_TIMEOUT_MS = 5000;

/** A host with its monitor: what outlasts a run of the program, and the run. */
export interface Watched {
  readonly machine: Machine;
  readonly file: MemoryStateFile;
  /** What its programs record, if they do. */
  recording: MemoryRecording | undefined;
  /** Whether a monitor belongs on it. */
  readonly hasMonitor: boolean;
  program: HostProgram | undefined;
  /** By how much its wall clock is wrong, ms. */
  wallOffset: number;
  orders: Orders;
  /** When its monitor could first have read them, mono ms: it was commanded then, or has thawed since. */
  orderedAt: number;
  /** Until when its tools give no response that is understood, mono ms. */
  blindUntil: number;
}

export interface DataCentre {
  readonly random: Seeded;
  readonly members: readonly string[];
  readonly remotes: readonly string[];
  /** The hosts that run a monitor; undefined: all of them. */
  readonly monitors?: readonly string[] | undefined;
  readonly settings: HostSettings;
  readonly fencing: "off" | "reboot" | "none";
  readonly sensing?: "whole" | "quick" | undefined;
  /** What a monitor with a fault makes of each look. */
  readonly misread?: ((look: ClusterObservation) => ClusterObservation) | undefined;
}

/** A simulated data centre: machines, the cluster on them, a host monitor on each, and masakari-api. */
export class HostWorld {
  readonly clock = new VirtualClock();
  readonly random: Seeded;
  readonly masakari: SimulatedMasakari;
  readonly cluster: ClusterModel;
  readonly hosts: readonly Watched[];
  readonly settings: HostSettings;
  readonly invariants: HostInvariants;
  readonly timeline = new HostTimeline(this.clock);
  /** Whose requests do not reach masakari-api. */
  readonly cutFromApi = new Set<Machine>();
  /** Whether clocks agree well enough for one monitor to recognise what another has reported. */
  clocksAgree = true;
  readonly decisions: DecisionTimes = { looks: new Durations(), others: new Durations() };
  readonly #misread: DataCentre["misread"];
  readonly #sensing: "whole" | "quick";
  readonly #byName: ReadonlyMap<string, Watched>;

  constructor({ random, members, remotes, monitors, settings, fencing, misread, sensing }: DataCentre) {
    this.random = random;
    this.settings = settings;
    this.#misread = misread;
    this.#sensing = sensing ?? "whole";
    const machines = [
      ...members.map((name) => new Machine(name, "member")),
      ...remotes.map((name) => new Machine(name, "remote")),
    ];
    const monitoring = monitors === undefined ? undefined : new Set(monitors);
    this.hosts = machines.map((machine) => ({
      machine,
      file: new MemoryStateFile(),
      recording: undefined,
      hasMonitor: monitoring?.has(machine.name) ?? true,
      program: undefined,
      wallOffset: 0,
      orders: {},
      orderedAt: 0,
      blindUntil: 0,
    }));
    this.#byName = new Map(this.hosts.map((host) => [host.machine.name, host]));
    this.masakari = new SimulatedMasakari(
      this.clock,
      random,
      machines.map(({ name }) => name),
    );
    this.cluster = new ClusterModel({
      machines,
      clock: this.clock,
      random,
      fencing,
      changed: () => this.#alert(),
      log: (line) => this.timeline.add("cluster", line),
    });
    this.invariants = new HostInvariants(this);
  }

  /** Whether monitors can know what others have reported: their clocks agree, and they ask and got responses. */
  get knowsRepeats(): boolean {
    return this.clocksAgree && !this.settings.report_at_once && this.masakari.respondedToAll;
  }

  /** @throws Error there is no such host */
  host(name: string): Watched {
    const found = this.#byName.get(name);
    if (found === undefined) throw new Error(`no host ${name}; there are ${[...this.#byName.keys()].join(", ")}`);
    return found;
  }

  startPrograms(): void {
    for (const host of this.hosts) this.startProgram(host);
  }

  /** Nothing of it runs any more. */
  end(): void {
    for (const { program } of this.hosts) program?.kill();
  }

  /** After a change of the truth: programs run where their machines do. */
  align(): void {
    for (const host of this.hosts) {
      const { machine } = host;
      if (!machine.alive) {
        host.program?.kill();
        host.program = undefined;
      } else if (host.program === undefined && machine.os === "up" && machine.boots > 1) this.startProgram(host);
      if (machine.os === "frozen") host.program?.freeze();
    }
  }

  /** The monitor's program, or the whole host, runs on. */
  thaw(host: Watched): void {
    host.orderedAt = Math.max(host.orderedAt, this.clock.now().mono);
    host.program?.thaw();
  }

  command(host: Watched, orders: Orders): void {
    host.orders = orders;
    host.orderedAt = this.clock.now().mono;
    host.program?.outsideChanged();
  }

  setClock(host: Watched, byMs: number): void {
    host.wallOffset += byMs;
    if (Math.abs(byMs) > 60_000) this.clocksAgree = false;
    host.program?.outsideChanged(byMs);
  }

  startProgram(host: Watched): void {
    const { machine } = host;
    if (!host.hasMonitor || host.program !== undefined || !machine.alive) return;
    const { random, clock, settings } = this;
    const program = new HostProgram({
      machine,
      sensing: this.#sensing,
      clock,
      random,
      settings: { ...settings, hostname: machine.name },
      file: host.file,
      recording: host.recording,
      wallOffset: () => host.wallOffset,
      masakari: () => this.masakari.client(() => !this.cutFromApi.has(machine)),
      look: (interrupted) => {
        const look = this.cluster.look(machine, interrupted, clock.now().mono >= host.blindUntil);
        return { ...look, at: { wall: look.at.wall + host.wallOffset, mono: look.at.mono } };
      },
      misread: this.#misread,
      orders: () => host.orders,
      noResponse: () => {
        this.masakari.respondedToAll = false;
      },
      devices: (name) => (this.host(name).machine.bmc === "none" ? 0 : 1),
      power: (name) => this.#power(name),
      post: (notification, signal) => this.#post(host, notification, signal),
      looked: (look) => this.invariants.looked(host, look),
      decidedOn: (notification) => this.invariants.decidedOn(host, notification),
      added: (notification) => this.invariants.added(host, notification),
      line: (text) => this.timeline.add(machine.name, text, true),
      decided: (kind, took) => this.decisions[kind === "cluster" ? "looks" : "others"].add(took),
    });
    host.program = program;
    program.start();
  }

  #alert(): void {
    this.align();
    for (const { program } of this.hosts) if (this.random.chance(0.7)) program?.alert();
  }

  async #power(name: string): Promise<PowerResult["power"]> {
    const { random } = this;
    const { machine } = this.host(name);
    const delays = {
      answers: () => random.between(10, 500),
      slow: () => machine.bmcDelayMs ?? random.between(1000, 20_000),
      dead: () => IPMI_TIMEOUT_MS,
      none: () => 0,
    };
    const delay = delays[machine.bmc]();
    await new Promise<void>((resolve) => this.clock.setTimer(Math.min(delay, IPMI_TIMEOUT_MS), resolve));
    return delay < IPMI_TIMEOUT_MS && machine.bmc !== "none" ? machine.power : "unknown";
  }

  async #post(host: Watched, notification: Notification, signal: AbortSignal): Promise<DeliveryResult> {
    const { name } = host.machine;
    const reachesApi = !this.cutFromApi.has(host.machine);
    if (reachesApi) this.invariants.attempted(host, notification);
    const result = await this.masakari.post(notification, reachesApi, signal);
    const { hostname, payload } = notification;
    const what = [payload.event, payload.host_status].filter((part) => part !== undefined).join(" ");
    this.timeline.add("masakari", `POST from ${name}: ${hostname} ${what}: ${RESULTS[result.outcome](result)}`);
    return result;
  }
}

const RESULTS: Readonly<Record<DeliveryResult["outcome"], (result: DeliveryResult) => string>> = {
  delivered: () => "202, stored",
  duplicate: () => "409, known already",
  rejected: () => "refused",
  shadowed: () => "not sent",
  failed: (result) => `failed${"reason" in result ? ` (${result.reason})` : ""}`,
};
