import { keyed } from "../../src/process/keyed.ts";
import type { SystemdStatus } from "../../src/process/observation.ts";
import { unitIs } from "../support/process-behaviour.ts";
import type { ProcessWorld } from "../support/process-world.ts";
import type { Seeded } from "../support/seeded.ts";

/** The systemd of a world: what it does to the units of the entries, and what it reports about it. */
export class SystemdModel {
  system = "running";
  /** It does not answer. */
  silent: boolean = false;
  readonly #world: ProcessWorld;
  readonly #random: Seeded;
  /** Units that systemd is at work on, with what it reports about them. */
  readonly #atWork = new Map<string, Parameters<typeof unitIs>>();

  constructor(world: ProcessWorld, random: Seeded) {
    this.#world = world;
    this.#random = random;
    world.systemd = (key, unit) => this.#statusOf(key, unit);
  }

  /** `systemctl restart`: the old process ends, the new one takes a moment, and may be a script first. */
  restart(key: string): void {
    const random = this.#random;
    this.#world.kill(key);
    const [stopping, before, wrapper] = [random.between(0, 3000), random.between(0, 20_000), random.between(0, 20_000)];
    this.#work(key, ["deactivating", { job: true }], stopping, () =>
      this.#work(key, ["activating", { job: true }], before, () => {
        const started = { mainPid: 9, mainStarted: this.#world.mono };
        this.#work(key, ["active", started], wrapper, () => void this.#world.spawn(key));
      }),
    );
  }

  /** Its process ends, and systemd starts it again after RestartSec, or gives it up then. */
  autoRestart(key: string): void {
    this.#world.kill(key);
    const comes = this.#random.chance(0.7);
    this.#work(key, ["activating"], this.#random.between(0, 60_000), () => comes && this.#world.spawn(key));
  }

  /** `systemctl stop`. */
  stop(key: string): void {
    const { mono } = this.#world;
    this.#world.kill(key);
    const stopped = { activeExited: mono, mainExited: mono + 1 };
    this.#work(key, ["inactive", stopped], this.#random.between(0, 600_000), () => this.#world.spawn(key));
  }

  /** Everything ends within seconds, the monitor among it, and then the host boots. */
  async reboot(): Promise<void> {
    const world = this.#world;
    this.system = "stopping";
    world.note("host shuts down");
    const keys = keyed(world.entries).map(({ key }) => key);
    for (const key of keys) world.after(this.#random.between(0, 10_000), () => world.kill(key));
    await world.run(this.#random.between(0, 60_000));
    world.stopMonitor();
    this.#atWork.clear();
    world.reboot();
    this.system = this.#random.chance(0.5) ? "initializing" : "starting";
    for (const key of keys) this.#boot(key);
    const booted = this.#random.between(1000, 200_000);
    world.after(booted, () => {
      this.system = "running";
    });
    await world.run(this.#random.between(0, 10_000));
    world.startMonitor();
  }

  /** It has finished whatever it was doing. */
  rest(): void {
    this.#atWork.clear();
    this.system = "running";
    this.silent = false;
  }

  /** Its start job waits for others, then it is started, and comes up or does not. */
  #boot(key: string): void {
    if (this.#random.chance(0.2)) return;
    const comes = this.#random.chance(0.8);
    this.#work(key, ["inactive", { job: true }], this.#random.between(0, 100_000), () =>
      this.#work(key, ["activating", { job: true }], this.#random.between(0, 30_000), () => {
        if (comes) this.#world.spawn(key);
      }),
    );
  }

  #work(key: string, state: Parameters<typeof unitIs>, ms: number, then: () => unknown): void {
    this.#atWork.set(key, state);
    this.#world.note(`${key}: unit is ${state[0]}`);
    this.#world.after(ms, () => {
      // Something else has been done to it meanwhile.
      if (this.#atWork.get(key) !== state) return;
      this.#atWork.delete(key);
      then();
    });
  }

  #statusOf(key: string, unit: string | undefined): SystemdStatus | undefined {
    if (this.silent || this.#random.chance(0.02)) return undefined;
    if (unit === undefined) return { system: this.system, unit: undefined };
    const [active, over] = this.#atWork.get(key) ?? [this.#world.isRunning(key) ? "active" : "failed"];
    return unitIs(active, over, this.system);
  }
}
