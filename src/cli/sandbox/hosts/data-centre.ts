import type { Timer } from "../../../system/clock.ts";
import { systemClock } from "../../../system/system-clock.ts";
import type { Timeline } from "../timeline.ts";
import { Bmcs } from "./bmcs.ts";
import { ClusterModel } from "./cluster.ts";
import { HostMonitorProcess } from "./host-monitor-process.ts";
import { Machine } from "./machine.ts";

const MEMBERS = ["node-1", "node-2", "node-3"];
const REMOTES = ["node-4", "node-5", "node-6", "node-7", "node-8"];
/** Two monitors show who reports, who waits, and what a minority does. */
const MONITORS = ["node-1", "node-2"];
/** Quicker than a real cluster, so that each thing ends within seconds. ms */
const DURATIONS = {
  noticed: [500, 1500],
  fencing: [3000, 6000],
  slowFencing: [8000, 12_000],
  fencingAgain: [6000, 10_000],
  boot: [4000, 6000],
} as const;
const WRITE_EVERY_MS = 1000;

const random = { between: (low: number, high: number) => low + Math.floor(Math.random() * (high - low + 1)) };

/** The sandbox's simulated hosts: the cluster is a model, the host monitors on two of them are the real program. */
export class DataCentre {
  readonly machines: readonly Machine[] = [
    ...MEMBERS.map((name) => new Machine(name, "member")),
    ...REMOTES.map((name) => new Machine(name, "remote")),
  ];
  readonly #timeline: Timeline;
  readonly #bmcs = new Bmcs(this.machines);
  readonly #cluster: ClusterModel;
  readonly #monitors: ReadonlyMap<string, HostMonitorProcess>;
  #timer: Timer | undefined;

  /** @param directory the sandbox's */
  constructor(timeline: Timeline, directory: string) {
    this.#timeline = timeline;
    this.#monitors = new Map(MONITORS.map((name) => [name, new HostMonitorProcess(timeline, directory, name)]));
    this.#cluster = new ClusterModel({
      machines: this.machines,
      clock: systemClock,
      random,
      fencing: "off",
      durations: DURATIONS,
      changed: () => this.#align(),
      log: (line) => timeline.add("sim:cluster", line),
    });
  }

  get names(): readonly string[] {
    return this.machines.map(({ name }) => name);
  }

  /** The hosts that run a monitor. */
  get monitorNames(): readonly string[] {
    return MONITORS;
  }

  /** `node-1 (pid 17)` for each of the hosts that run a monitor. */
  get monitorPids(): readonly string[] {
    return [...this.#monitors].map(([name, { pid }]) => `${name} (pid ${pid ?? "-"})`);
  }

  machine(name: string): Machine | undefined {
    return this.machines.find((machine) => machine.name === name || machine.name === `node-${name}`);
  }

  /** Starts the monitors, and resolves when they watch the hosts. @param sections what the configuration of each has of others */
  async open(
    sections: (index: number) => string,
    onMonitorEnd: (how: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#bmcs.start();
    for (const [index, monitor] of [...this.#monitors.values()].entries()) monitor.write(sections(index));
    this.#writeLooks();
    await Promise.all(
      [...this.#monitors.values()].map((monitor) => {
        monitor.start(onMonitorEnd);
        return monitor.watches(signal);
      }),
    );
  }

  /** It crashes: its power stays on, so only fencing can prove that it is down. */
  fail(machine: Machine): void {
    this.#timeline.fact(`${machine.name} crashes (simulated)`);
    machine.die(systemClock.now().mono, "on", false);
    this.#changed();
  }

  boot(machine: Machine): void {
    if (machine.alive) {
      this.#timeline.print(`${machine.name} runs already`);
      return;
    }
    this.#timeline.fact(`${machine.name} is switched on (simulated)`);
    this.#cluster.bootLater(machine);
  }

  /** It no longer reaches the others. */
  partition(machine: Machine): void {
    this.#timeline.fact(`${machine.name} is cut off from the other hosts (simulated)`);
    machine.network = 1;
    this.#changed();
  }

  heal(): void {
    this.#timeline.fact("the network is whole (simulated)");
    for (const machine of this.machines) machine.network = 0;
    this.#changed();
  }

  /** The rack of the remotes loses its power. */
  storm(): void {
    const fallen = this.machines.filter(({ kind }) => kind === "remote");
    this.#timeline.fact(`a rack loses power: ${namesOf(fallen)} (simulated)`);
    for (const machine of fallen) machine.die(systemClock.now().mono, "off", false);
    this.#changed();
  }

  breakBmc(machine: Machine): void {
    machine.bmc = machine.bmc === "dead" ? "answers" : "dead";
    this.#timeline.add(
      "you",
      `the BMC of ${machine.name} ${machine.bmc === "dead" ? "is dead" : "answers again"} (simulated)`,
    );
  }

  /** An operator makes sure that it is off. */
  confirm(machine: Machine): void {
    this.#timeline.fact(`${machine.name} is off: confirmed to the cluster by a person (simulated)`);
    this.#cluster.confirm(machine);
    this.#align();
  }

  /** Runs `masakari-monitors COMMAND` on each host that has a monitor. */
  async command(...words: readonly string[]): Promise<void> {
    const shown = words.map((word) => (word.includes(" ") ? JSON.stringify(word) : word)).join(" ");
    this.#timeline.fact(`masakari-monitors ${shown}, on ${MONITORS.join(" and ")}`);
    await Promise.all([...this.#monitors.values()].map((monitor) => monitor.command(words)));
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await Promise.all([...this.#monitors.values()].map((monitor) => monitor.stop()));
    await this.#bmcs.stop();
  }

  #changed(): void {
    this.#align();
    this.#cluster.disturbed();
  }

  /** Monitors run where their hosts do, and see what the cluster shows there. */
  #align(): void {
    for (const [name, monitor] of this.#monitors) {
      const isAlive = this.machine(name)?.alive === true;
      if (!isAlive && monitor.pid !== undefined) monitor.kill();
      else if (isAlive && monitor.pid === undefined) monitor.restart();
    }
    this.#writeLooks();
  }

  #writeLooks(): void {
    this.#timer?.cancel();
    const { devices } = this.#bmcs;
    for (const [name, monitor] of this.#monitors) {
      const machine = this.machine(name);
      if (machine === undefined || !machine.alive) continue;
      const { at: _at, interrupted: _interrupted, ...look } = this.#cluster.look(machine, false, true);
      monitor.show({ writtenAt: Date.now(), look, devices });
    }
    this.#timer = systemClock.setTimer(WRITE_EVERY_MS, () => this.#writeLooks());
  }
}

function namesOf(machines: readonly Machine[]): string {
  return machines.map(({ name }) => name).join(", ");
}
