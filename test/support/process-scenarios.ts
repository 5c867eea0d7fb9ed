import type { ProcessEntry } from "../../src/config/process-entry.ts";
import type { ProcessSettings, SystemdStatus } from "../../src/process/observation.ts";
import { type Behaviour, unitIs } from "./process-behaviour.ts";
import { entryNamed } from "./process-entries.ts";
import { ProcessWorld } from "./process-world.ts";

export const fails: Behaviour = { ms: 10, succeeds: false };

/** The command works, and the process appears. */
export const works: Behaviour = { ms: 10, succeeds: true, appearsAfter: 5 };

/** The command works, and no process appears. */
export const lies: Behaviour = { ms: 10, succeeds: true };

/** A world in which a process of each name runs, and is up. */
export async function running(...names: string[]): Promise<ProcessWorld> {
  const world = new ProcessWorld(names.map((name) => entryNamed(name)));
  for (const name of names) world.spawn(name);
  world.startMonitor();
  await world.run(1000);
  return world;
}

/** One process, up, on a host that systemd manages. */
export async function underSystemd(
  entry: Partial<ProcessEntry>,
  settings: Partial<ProcessSettings> = {},
): Promise<ProcessWorld> {
  const world = new ProcessWorld([entryNamed("p", entry)], settings);
  world.systemd = () => unitIs("active", { mainPid: 100 });
  world.spawn("p");
  world.startMonitor();
  await world.run(1000);
  return world;
}

/** The commands that were run, in order. */
export function stages(world: ProcessWorld): string[] {
  return world.runs.map(({ stage }) => stage);
}

/** An entry that systemd has a unit for. */
export const RESTART = { restart_command: "restart", start_command: "", systemd_unit: "p.service" };

/** An entry without commands. */
export const REPORT_ONLY = { restart_command: "", start_command: "" };

/** A host that has just been booted: nothing runs yet. */
export function booting(entry: Partial<ProcessEntry>, settings: Partial<ProcessSettings> = {}): ProcessWorld {
  const world = new ProcessWorld([entryNamed("p", entry)], settings);
  world.behave = () => ({ ms: 10, succeeds: false });
  world.bootedAt = world.mono;
  return world;
}

/** The process was up for a second, and was killed. */
export async function killed(
  entry: Partial<ProcessEntry>,
  systemd: (world: ProcessWorld) => SystemdStatus | undefined,
): Promise<ProcessWorld> {
  const world = new ProcessWorld([entryNamed("p", entry)]);
  let status: () => SystemdStatus | undefined = () => unitIs("active", { mainPid: 100 });
  world.systemd = () => status();
  world.spawn("p");
  world.startMonitor();
  await world.run(1000);
  status = () => systemd(world);
  world.kill("p");
  return world;
}
