import type { Machine } from "../../src/cli/sandbox/hosts/machine.ts";
import { MODES } from "../support/harness/api-model.ts";
import type { HostWorld, Watched } from "./host-world.ts";

/** One thing that happens, or that an operator does. @throws Error it is not understood; the message gives the reason */
type Command = (world: HostWorld, parts: readonly string[]) => void;

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** @param text `40s`, `2m`, `-1h`. @returns ms */
export function timeFrom(text: string): number {
  const [, count, unit = ""] = /^([+-]?[\d.]+)([smh])$/.exec(text) ?? [];
  if (count === undefined) throw new Error(`${JSON.stringify(text)} is not a time like 30s, 2m or 1h`);
  return Number(count) * (UNITS[unit] ?? 0);
}

function oneOf<T extends string>(text: string | undefined, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new Error(`${JSON.stringify(text ?? "")} is not one of ${choices.join(", ")}`);
  return found;
}

/** @param names `a,b`; undefined or `all`: all hosts */
function hostsOf(world: HostWorld, names = "all"): readonly Watched[] {
  if (names === "all") return world.hosts;
  return names.split(",").map((name) => world.host(name));
}

const eachMachine =
  (change: (machine: Machine, world: HostWorld, value: string | undefined) => void): Command =>
  (world, [names, value]) => {
    for (const { machine } of hostsOf(world, names)) change(machine, world, value);
  };

const eachHost =
  (change: (host: Watched, world: HostWorld) => void): Command =>
  (world, [names]) => {
    for (const host of hostsOf(world, names)) change(host, world);
  };

const isOn = (value: string | undefined): boolean => oneOf(value, ["on", "off"]) === "on";
const nowOf = (world: HostWorld): number => world.clock.now().mono;

function onItsClock(host: Watched, world: HostWorld, laterMs = 0): { readonly mono: number; readonly wall: number } {
  const { mono, wall } = world.clock.now();
  return { mono: mono + laterMs, wall: wall + host.wallOffset + laterMs };
}

const partition: Command = (world, parts) => {
  const sides = parts.join(" ").split("|");
  if (sides.length < 2) throw new Error("a partition has sides: partition a | b,c");
  // Hosts that are not named stay with the last side.
  for (const [index, side] of sides.slice(0, -1).entries()) {
    for (const { machine } of hostsOf(world, side.replaceAll(" ", ""))) machine.network = index + 1;
  }
};

/** By the word or two words with which a line begins. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  "fail host": eachMachine((machine, world) => machine.die(nowOf(world), "on", false)),
  "power off": eachMachine((machine, world) => machine.die(nowOf(world), "off", false)),
  "boot host": eachMachine((machine, world) => machine.boot(nowOf(world))),
  "freeze host": eachMachine((machine) => {
    machine.os = "frozen";
  }),
  "thaw host": eachHost((host, world) => {
    host.machine.os = "up";
    world.thaw(host);
  }),
  storm: (world, [names]) => {
    const fallen =
      names === undefined ? world.hosts.filter(({ machine }) => machine.kind === "remote") : hostsOf(world, names);
    for (const { machine } of fallen) machine.die(nowOf(world), "off", false);
  },
  partition,
  heal: (world) => {
    for (const { machine } of world.hosts) machine.network = 0;
  },
  bmc: eachBmc,
  api: (world, [mode]) => {
    world.masakari.api.mode = mode === "down" ? "refuses" : oneOf(mode, MODES);
  },
  clock: (world, [names, by = ""]) => {
    for (const host of hostsOf(world, names)) world.setClock(host, timeFrom(by));
  },
  "kill monitor": eachHost((host) => {
    host.program?.kill();
    host.program = undefined;
  }),
  "start monitor": eachHost((host, world) => world.startProgram(host)),
  "freeze monitor": eachHost(({ program }) => program?.freeze()),
  "thaw monitor": eachHost((host, world) => world.thaw(host)),
  release: eachHost((host, world) => {
    const released = { at: onItsClock(host, world), reason: "they are down (an operator)" };
    world.command(host, { ...host.orders, released });
  }),
  disarm: (world, parts) => {
    const at = parts.indexOf("--for");
    const forMs = timeFrom(at < 0 ? "1h" : (parts[at + 1] ?? ""));
    for (const host of hostsOf(world, at === 0 ? undefined : parts[0])) {
      const disarmed = { until: onItsClock(host, world, forMs), reason: "planned work (an operator)" };
      world.command(host, { ...host.orders, disarmed });
    }
  },
  arm: eachHost((host, world) => {
    const { released } = host.orders;
    world.command(host, released === undefined ? {} : { released });
  }),
  maintenance: (world, [names, value]) => {
    if (names === "cluster") world.cluster.maintenance = isOn(value);
    else for (const { machine } of hostsOf(world, names)) machine.maintenance = isOn(value);
  },
  standby: eachMachine((machine, _, value) => {
    machine.standby = isOn(value);
  }),
  "stop cluster": eachMachine((machine) => {
    machine.stack = false;
    machine.online = false;
    machine.expected = false;
  }),
  "start cluster": eachMachine((machine) => {
    machine.stack = true;
  }),
  fence: eachMachine((machine, world) => world.cluster.order(machine)),
  confirm: eachMachine((machine, world) => world.cluster.confirm(machine)),
  blind: (world, [names, time = ""]) => {
    for (const host of hostsOf(world, names)) host.blindUntil = nowOf(world) + timeFrom(time);
  },
};

function eachBmc(world: HostWorld, [names, state, delay]: readonly string[]): void {
  for (const { machine } of hostsOf(world, names)) {
    machine.bmc = oneOf(state, ["answers", "slow", "dead", "none"]);
    machine.bmcDelayMs = delay === undefined ? undefined : timeFrom(delay);
  }
}

/** @returns the command that a line begins with, and the rest of it */
export function commandOf(line: string): { readonly run: Command; readonly parts: readonly string[] } {
  const words = line.split(/\s+/);
  for (const count of [2, 1]) {
    const name = words.slice(0, count).join(" ");
    const run = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (run !== undefined) return { run, parts: words.slice(count) };
  }
  throw new Error(`no command ${JSON.stringify(line)}; there are ${Object.keys(COMMANDS).join(", ")}, wait`);
}
