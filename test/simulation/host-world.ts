import type { HostSettings, Orders } from "../../src/host/observation.ts";
import type { Attempt } from "../../src/notify/delivery.ts";
import type { Notification } from "../../src/notify/notification.ts";
import { ApiModel, wallOf } from "../support/harness/api-model.ts";
import { MemoryStateFile } from "../support/harness/memory-state-file.ts";
import { SETTINGS } from "../support/host-cluster.ts";
import type { Seeded } from "../support/seeded.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { ClusterModel } from "./host-cluster.ts";
import { HostInvariants } from "./host-invariants.ts";
import { Machine } from "./host-machine.ts";
import { HostProgram } from "./host-program.ts";

/** A host with its monitor: what outlasts a run of the program, and the run. */
export interface Watched {
  readonly machine: Machine;
  readonly file: MemoryStateFile;
  program: HostProgram | undefined;
  /** By how much its wall clock is wrong, ms. */
  wallOffset: number;
  orders: Orders;
  /** Until when its tools give no answer that is understood, mono ms. */
  blindUntil: number;
}

/** A simulated data centre: machines, the cluster on them, a host monitor on each, and masakari-api. */
export class HostWorld {
  readonly clock = new VirtualClock();
  readonly random: Seeded;
  readonly api: ApiModel;
  readonly cluster: ClusterModel;
  readonly hosts: readonly Watched[];
  readonly settings: HostSettings;
  readonly invariants: HostInvariants;
  readonly history: string[] = [];
  /** Whether monitors can know what others have reported: their clocks agree, and they ask and were answered. */
  knowsRepeats: boolean;
  readonly #began: number;

  constructor(random: Seeded) {
    this.random = random;
    this.#began = this.clock.now().mono;
    this.api = new ApiModel(this.clock, random);
    this.settings = {
      ...SETTINGS,
      monitoring_interval: random.pick([10, 20, 60]),
      monitoring_samples: random.pick([1, 1, 2, 3]),
      report_at_once: random.chance(0.15),
    };
    this.knowsRepeats = !this.settings.report_at_once;
    const members = random.pick([3, 3, 5]);
    const remotes = random.pick([0, 0, 2, 5]);
    const machines = Array.from(
      { length: members + remotes },
      (_, index) => new Machine(`host-${index + 1}`, index < members ? "member" : "remote"),
    );
    for (const machine of machines) if (random.chance(0.1)) machine.bmc = random.pick(["slow", "none"]);
    this.hosts = machines.map((machine) => ({
      machine,
      file: new MemoryStateFile(),
      program: undefined,
      wallOffset: 0,
      orders: {},
      blindUntil: 0,
    }));
    this.cluster = new ClusterModel({
      machines,
      clock: this.clock,
      random,
      fencing: random.pick(["off", "reboot", "reboot"]),
      changed: () => this.#alert(),
      tell: (line) => this.tell(line),
    });
    this.invariants = new HostInvariants(this);
  }

  tell(line: string): void {
    const s = (this.clock.now().mono - this.#began) / 1000;
    this.history.push(`${s.toFixed(1).padStart(8)} s  ${line}`);
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

  startProgram(host: Watched): void {
    const { machine } = host;
    if (host.program !== undefined || !machine.alive) return;
    const { random, clock, settings } = this;
    const program = new HostProgram({
      machine,
      clock,
      random,
      settings: { ...settings, hostname: machine.name },
      file: host.file,
      wallOffset: () => host.wallOffset,
      look: (interrupted) => {
        const look = this.cluster.look(machine, interrupted, clock.now().mono >= host.blindUntil);
        return { ...look, at: { wall: look.at.wall + host.wallOffset, mono: look.at.mono } };
      },
      orders: () => host.orders,
      power: (name) => this.#power(name),
      isNotified: (hostname, since, status) => this.#isNotified(host, hostname, since, status),
      post: (notification, signal) => this.#post(host, notification, signal),
      looked: (look) => this.invariants.looked(host, look),
      added: (notification) => this.invariants.added(host, notification),
      line: (text) => this.tell(`${machine.name}: ${text}`),
    });
    host.program = program;
    program.start();
  }

  #alert(): void {
    this.align();
    for (const { program } of this.hosts) if (this.random.chance(0.7)) program?.lookNow();
  }

  async #power(name: string): Promise<{ power: "on" | "off" | "unknown"; devices: number }> {
    const machine = this.hosts.find((host) => host.machine.name === name)?.machine;
    if (machine === undefined || machine.bmc === "none") return { power: "unknown", devices: 0 };
    const delay = { answers: [10, 500], slow: [1000, 20_000], dead: [15_000, 15_000] }[machine.bmc] as [number, number];
    await this.#wait(this.random.between(...delay));
    return { power: machine.bmc === "dead" ? "unknown" : machine.power, devices: 1 };
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.setTimer(ms, resolve));
  }

  async #isNotified({ machine }: Watched, hostname: string, since: number, status: string): Promise<boolean> {
    await this.#wait(this.random.between(5, 300));
    const answers = this.api.mode === "up" || this.api.mode === "slow";
    if (!answers || !machine.reachesApi) {
      this.knowsRepeats = false;
      throw new Error("no answer");
    }
    return this.api.stored.some(
      ({ notification: { hostname: name, payload, generated_time } }) =>
        name === hostname &&
        payload.event === "STOPPED" &&
        (payload.host_status === "NORMAL" || payload.host_status === status) &&
        wallOf(generated_time) >= since,
    );
  }

  async #post(host: Watched, notification: Notification, signal: AbortSignal): Promise<Attempt> {
    if (!host.machine.reachesApi) {
      await this.#wait(1000);
      return { outcome: "unanswered", reason: "no route to host" };
    }
    this.invariants.attempted(host, notification);
    const attempt = await this.api.post(notification, signal);
    const { hostname, payload } = notification;
    this.tell(`${host.machine.name}: POST ${hostname} ${payload.event} ${payload.host_status}: ${attempt.outcome}`);
    return attempt;
  }
}
