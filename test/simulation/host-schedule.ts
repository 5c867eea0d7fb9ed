import type { Machine } from "../../src/cli/sandbox/hosts/machine.ts";
import { MODES } from "../support/harness/api-model.ts";
import { SETTINGS } from "../support/host-cluster.ts";
import { Seeded } from "../support/seeded.ts";
import { type DataCentre, HostWorld, type Watched } from "./host-world.ts";

const MINUTE = 60_000;
/** How long misfortunes go on at most, and how long all is well afterwards, ms. */
const PEACE_MS = 25 * MINUTE;

/** What is fixed of a schedule; the seed chooses the rest. */
export type Given = Partial<Pick<DataCentre, "members" | "remotes" | "monitors" | "misread" | "sensing">>;

/** One schedule: what happens to a data centre, the same for the same seed. */
export class HostSchedule {
  readonly world: HostWorld;
  readonly #random: Seeded;

  constructor(seed: number, given: Given = {}) {
    this.#random = new Seeded(seed);
    this.world = new HostWorld({ ...dataCentre(this.#random), ...given });
    for (const { machine } of this.world.hosts) {
      if (this.#random.chance(0.1)) machine.bmc = this.#random.pick(["slow", "none"]);
    }
  }

  async play(): Promise<void> {
    const { world } = this;
    const random = this.#random;
    world.startPrograms();
    await world.clock.advance(2 * world.settings.monitoring_samples * world.settings.monitoring_interval * 1000 + 5000);
    for (let events = random.between(1, 14); events > 0; events -= 1) {
      this.#happen();
      world.align();
      world.cluster.disturbed();
      await world.clock.advance(this.#pause());
    }
    this.#peace();
    await world.clock.advance(PEACE_MS);
    world.invariants.judge();
    world.end();
  }

  #pause(): number {
    const random = this.#random;
    return random.pick([random.between(0, 2000), random.between(2000, 60_000), random.between(MINUTE, 6 * MINUTE)]);
  }

  #happen(): unknown {
    const { world } = this;
    const random = this.#random;
    const host = random.pick(world.hosts);
    const { machine } = host;
    const note = (what: string): void => world.timeline.add("--", `${machine.name} ${what}`);
    const now = world.clock.now().mono;
    switch (random.between(0, 21)) {
      case 0:
      case 1:
      case 2:
        note("crashes");
        return machine.die(now, random.pick(["on", "off"]), false);
      case 3:
        note("loses power, with its BMC");
        machine.bmc = "dead";
        return machine.die(now, "off", false);
      case 4:
      case 5:
        return this.#freeze(host);
      case 6:
        return this.#partition();
      case 7:
        note("its cluster stack is stopped cleanly");
        if (!machine.participates) return undefined;
        machine.stack = false;
        machine.online = false;
        machine.expected = false;
        return undefined;
      case 8:
        machine.maintenance = !machine.maintenance;
        return note(`maintenance ${machine.maintenance}`);
      case 9:
        machine.standby = !machine.standby;
        return note(`standby ${machine.standby}`);
      case 10:
        world.cluster.maintenance = !world.cluster.maintenance;
        return world.timeline.add("--", `cluster maintenance ${world.cluster.maintenance}`);
      case 11:
        machine.bmc = random.pick(["answers", "answers", "slow", "dead"]);
        return note(`its BMC ${machine.bmc}`);
      case 12:
      case 13:
        world.masakari.api.mode = random.chance(0.5) ? "up" : random.pick(MODES);
        return world.timeline.add("--", `API ${world.masakari.api.mode}`);
      case 14:
      case 15:
        return this.#killProgram(host);
      case 16:
        host.program?.freeze();
        note("its monitor is stopped");
        world.clock.setTimer(random.between(1000, 4 * MINUTE), () => {
          if (machine.os === "up") world.thaw(host);
        });
        return undefined;
      case 17: {
        const by = random.pick([-3600_000, -120_000, -20_000, 20_000, 120_000, 3600_000]);
        world.setClock(host, by);
        return note(`its clock is set by ${by / 1000} s`);
      }
      case 18:
        return this.#order(host);
      case 19:
        note("is switched on by a person");
        return machine.alive ? undefined : world.cluster.bootLater(machine);
      case 20:
        return this.#storm();
      default:
        note("its tools give no response");
        host.blindUntil = now + random.between(5000, 4 * MINUTE);
        return undefined;
    }
  }

  #freeze(host: Watched): void {
    const { machine, program } = host;
    if (machine.os !== "up" || machine.power === "off") return;
    this.world.timeline.add("--", `${machine.name} freezes`);
    machine.os = "frozen";
    program?.freeze();
    const { boots } = machine;
    this.world.clock.setTimer(this.#random.pick([1000, 8000, 40_000, 200_000]), () => {
      if (machine.os !== "frozen" || machine.boots !== boots) return;
      this.world.timeline.add("--", `${machine.name} thaws`);
      machine.os = "up";
      this.world.thaw(host);
      this.world.cluster.disturbed();
    });
  }

  #partition(): void {
    const { hosts, cluster, clock } = this.world;
    const cutsApi = this.#random.chance(0.5);
    const cut = hosts.filter(() => this.#random.chance(0.3));
    for (const { machine } of cut) {
      machine.network = 1;
      if (cutsApi) this.world.cutFromApi.add(machine);
    }
    this.world.timeline.add("--", `cut off: ${cut.map(({ machine }) => machine.name).join(" ")}`);
    clock.setTimer(this.#random.between(3000, 5 * MINUTE), () => {
      this.#heal(cut.map(({ machine }) => machine));
      cluster.disturbed();
    });
  }

  #heal(machines: readonly Machine[]): void {
    for (const machine of machines) {
      machine.network = 0;
      this.world.cutFromApi.delete(machine);
    }
    this.world.timeline.add("--", "the network is whole");
  }

  #killProgram(host: Watched): void {
    if (host.program === undefined || host.machine.os !== "up") return;
    this.world.timeline.add("--", `${host.machine.name} its monitor is killed`);
    host.program.kill();
    host.program = undefined;
    this.world.clock.setTimer(this.#random.between(1000, 10 * MINUTE), () => {
      if (host.machine.os === "up") this.world.startProgram(host);
    });
  }

  #order(host: Watched): void {
    const random = this.#random;
    const { mono, wall } = this.world.clock.now();
    const now = { mono, wall: wall + host.wallOffset };
    const later = random.between(10_000, 10 * MINUTE);
    if (random.chance(0.6)) {
      const until = { mono: mono + later, wall: now.wall + later };
      this.world.command(host, { ...host.orders, disarmed: { until, reason: "test" } });
    } else this.world.command(host, { ...host.orders, released: { at: now, reason: "test" } });
    this.world.timeline.add("--", `${host.machine.name} orders: ${Object.keys(host.orders).join(", ")}`);
  }

  #storm(): void {
    const { hosts, clock } = this.world;
    const fallen = hosts.filter(({ machine }) => machine.kind === "remote" && this.#random.chance(0.8));
    this.world.timeline.add("--", `storm: ${fallen.map(({ machine }) => machine.name).join(" ")}`);
    for (const { machine } of fallen) machine.die(clock.now().mono, "off", false);
  }

  /** All that can be mended is, except hosts that are dead. */
  #peace(): void {
    const { world } = this;
    world.timeline.add("--", "peace");
    world.masakari.api.mode = "up";
    world.cluster.maintenance = false;
    this.#heal(world.hosts.map(({ machine }) => machine));
    for (const host of world.hosts) {
      const { machine } = host;
      machine.bmc = "answers";
      machine.maintenance = false;
      host.blindUntil = 0;
      if (machine.os === "frozen") machine.os = "up";
      world.thaw(host);
      // Without a majority of the members nobody can report anything.
      if (machine.kind === "member" && !machine.alive && this.#membersUp() <= world.hosts.length / 2) {
        machine.boot(world.clock.now().mono);
      }
      if (machine.alive && this.#random.chance(0.8)) machine.stack = true;
      if (host.program === undefined) world.startProgram(host);
      world.command(host, {});
    }
    world.clock.setTimer(10 * MINUTE, () => this.#releaseAll());
    world.align();
    world.cluster.disturbed();
  }

  /** An operator has looked: what is lost is down. */
  #releaseAll(): void {
    this.world.timeline.add("--", "released");
    const { mono, wall } = this.world.clock.now();
    for (const host of this.world.hosts) {
      this.world.command(host, { released: { at: { mono, wall: wall + host.wallOffset }, reason: "they are down" } });
    }
  }

  #membersUp(): number {
    const members = this.world.hosts.filter(({ machine }) => machine.kind === "member");
    const up = members.filter(({ machine }) => machine.participates).length;
    return up > members.length / 2 ? this.world.hosts.length : 0;
  }
}

/** A data centre of a few hosts. */
function dataCentre(random: Seeded): DataCentre {
  const members = random.pick([3, 3, 5]);
  const remotes = random.pick([0, 0, 2, 5]);
  const names = Array.from({ length: members + remotes }, (_, index) => `host-${index + 1}`);
  return {
    random,
    members: names.slice(0, members),
    remotes: names.slice(members),
    settings: {
      ...SETTINGS,
      monitoring_interval: random.pick([10, 20, 60]),
      monitoring_samples: random.pick([1, 1, 2, 3]),
      report_at_once: random.chance(0.15),
    },
    fencing: random.pick(["off", "reboot", "reboot"]),
  };
}
