import type { ProcessEntry } from "../../src/config/process-entry.ts";
import type { StateFile } from "../../src/notify/state-file.ts";
import { keyed } from "../../src/process/keyed.ts";
import { MODES } from "../support/harness/api-model.ts";
import type { Behaviour } from "../support/process-behaviour.ts";
import { entryNamed } from "../support/process-entries.ts";
import { ProcessWorld } from "../support/process-world.ts";
import { Seeded } from "../support/seeded.ts";
import { SystemdModel } from "./process-systemd.ts";

/** How long misfortunes go on, and how long the world is left in peace afterwards. ms. */
const TROUBLE_MS = 10 * 60_000;
const PEACE_MS = 20 * 60_000;
const NAMES = ["nova-compute", "/usr/sbin/libvirtd", "ovs-vswitchd", "neutron-agent", "ceilometer"];

/** A host's bad day, the same for the same seed. `play` lets it happen; then the world has had its peace. @param openFile of a real disk */
export function scheduleOf(
  seed: number,
  openFile?: (path: string) => StateFile,
): { world: ProcessWorld; play: () => Promise<void> } {
  const random = new Seeded(seed);
  const world = new ProcessWorld(
    someEntries(random),
    {
      check_interval: random.pick([1, 5, 5, 30]),
      restart_retries: random.between(0, 3),
      restart_interval: random.pick([0, 1, 5]),
      settle: random.pick([0, 0.2, 1, 10]),
      command_timeout: random.pick([5, 60]),
      boot_grace: random.pick([0, 60, 300]),
    },
    openFile,
  );
  world.pidfd = random.chance(0.8);
  const luck = random.next();
  world.behave = () => someBehaviour(random, luck);
  const systemd = random.chance(0.6) ? new SystemdModel(world, random) : undefined;
  for (const { key } of keyed(world.entries)) if (random.chance(0.8)) world.spawn(key);

  const misfortune = async () => {
    const keys = keyed(world.entries).map(({ key }) => key);
    const key = keys.length > 0 ? random.pick(keys) : "none";
    if (systemd && random.chance(0.4)) return await bySystemd(systemd, key, random);
    switch (random.between(0, 15)) {
      case 0:
      case 1:
      case 2:
        return world.kill(key);
      case 3:
        return keys.forEach((one) => void world.kill(one));
      case 4:
        // Its owner restarts it.
        world.kill(key);
        return world.after(random.between(0, 3000), () => void world.spawn(key));
      case 5:
        return void world.spawn(key, random.chance(0.5) ? random.between(1, 20_000) : undefined);
      case 6:
        return await restartMonitor(world, random);
      case 7:
        world.wallOffset += random.between(-7200_000, 7200_000);
        return;
      case 8:
        return world.edit(someEntries(random));
      case 9:
        return world.reload({
          restart_retries: random.between(0, 3),
          restart_interval: random.pick([0, 5]),
          settle: random.pick([0, 1]),
        });
      case 11:
        return world.pause(key, random.pick([1000, 30_000, 600_000]));
      case 12:
        return world.resume(key);
      case 14:
      case 15:
        world.api.mode = random.pick(MODES);
        return;
      case 10:
        world.tableUnreadable = true;
        world.after(random.between(0, 20_000), () => {
          world.tableUnreadable = false;
        });
        return;
      default:
        world.pidfd = random.chance(0.8);
    }
  };
  const play = async () => {
    world.startMonitor();
    const end = world.mono + TROUBLE_MS;
    while (world.mono < end) {
      await world.run(random.pick([0, 1, 50, 900, 5000, 30_000, 60_000]));
      await misfortune();
    }
    await world.run(30_000);
    world.tableUnreadable = false;
    world.api.mode = "up";
    // As the supervisor does: sensing starts again in the same program.
    if (random.chance(0.5)) world.startMonitor();
    systemd?.rest();
    await world.run(PEACE_MS);
  };
  return { world, play };
}

async function bySystemd(systemd: SystemdModel, key: string, random: Seeded): Promise<void> {
  switch (random.between(0, 6)) {
    case 4:
      systemd.stop(key);
      return;
    case 0:
      await systemd.reboot();
      return;
    case 1:
      systemd.silent = !systemd.silent;
      return;
    case 2:
    case 3:
      systemd.autoRestart(key);
      return;
    default:
      systemd.restart(key);
  }
}

async function restartMonitor(world: ProcessWorld, random: Seeded): Promise<void> {
  world.stopMonitor();
  if (random.chance(0.3)) world.reboot();
  const away = random.pick([0, 100, 20_000]);
  if (away > 0) {
    // What happens while the monitor is away.
    for (const { key } of keyed(world.entries)) {
      const fate = random.between(0, 4);
      if (fate === 0) world.kill(key);
      if (fate === 1) world.spawn(key);
    }
    await world.run(away);
  }
  world.startMonitor();
}

function someEntries(random: Seeded): readonly ProcessEntry[] {
  return NAMES.filter(() => random.chance(0.7)).map((name) => {
    const maybe = <T>(probability: number, value: T) => (random.chance(probability) ? value : undefined);
    return entryNamed(name, {
      start_command: maybe(0.8, "start") ?? "",
      pre_start_command: maybe(0.3, "prepare") ?? "",
      post_start_command: maybe(0.3, "finish") ?? "",
      restart_command: maybe(0.95, "restart") ?? "",
      pre_restart_command: maybe(0.3, "before") ?? "",
      post_restart_command: maybe(0.3, "after") ?? "",
      leave_stopped: random.chance(0.3),
      systemd_unit: maybe(0.5, `${name}.service`),
      settle: maybe(0.3, random.pick([0, 2])),
      restart_retries: maybe(0.3, random.between(0, 2)),
      restart_interval: maybe(0.3, random.pick([0, 3])),
      command_timeout: maybe(0.3, 2),
    });
  });
}

function someBehaviour(random: Seeded, luck: number): Behaviour {
  const ms = random.pick([0, 10, 10, 300, 3000, 3_600_000]);
  const succeeds = random.chance(0.3 + luck / 2);
  if (!random.chance(luck)) return { ms, succeeds };
  const appears = { ms, succeeds, appearsAfter: random.pick([0, 5, Math.min(ms, 5000), 4000]) };
  return random.chance(0.3) ? { ...appears, livesFor: random.pick([1, 500, 4000, 20_000]) } : appears;
}
