import type { StateFile } from "../../src/notify/state-file.ts";
import { MODES } from "../support/harness/api-model.ts";
import type { RealGuest } from "../support/introspective-guest.ts";
import { IntrospectiveWorld } from "../support/introspective-world.ts";
import { Seeded } from "../support/seeded.ts";

/** How long misfortunes go on, ms. */
const TROUBLE_MS = 20 * 60_000;
const SYNC_MS = 5000;
/** When a response time-out that could not be put back is tried again. */
const RETRY_MS = 60_000;

/** A hypervisor's bad day, the same for the same seed; then it is left in peace for as long as reports may take. @param openFile of a real disk */
export function scheduleOf(
  seed: number,
  openFile?: (path: string) => StateFile,
): {
  readonly world: IntrospectiveWorld;
  /** Other clients' commands occupy agents for a while. */
  readonly occupies: boolean;
  readonly play: () => Promise<void>;
} {
  const random = new Seeded(seed);
  const max_agent_commands = random.between(2, 4);
  const world = new IntrospectiveWorld(
    {
      guest_monitoring_interval: random.pick([5, 10, 10, 30]),
      guest_monitoring_timeout: random.pick([1, 2, 2]),
      guest_monitoring_failure_threshold: random.pick([1, 2, 3, 3, 5]),
      compat: random.chance(0.2),
      agent_disconnected: random.pick(["failure", "ignore"]),
      leave_alone_restarting: random.chance(0.5),
      leave_alone_migrating: random.chance(0.5),
      minimum_uptime: random.pick([0, 0, 120]),
      check_io: random.chance(0.3),
      max_agent_commands,
      max_suspect_commands: random.between(1, 3),
      suspect_response_timeout: random.pick([0, 1, 2, 4]),
      agent_occupied_limit: random.pick([0, 300, 3600]),
    },
    openFile,
  );
  const occupies = random.chance(0.5);
  // Behind pings of hung guests on the connection.
  world.settingMs = random.pick([2, 100, 5000]);
  const count = random.pick([1, 3, 3, 10, 10, 30, 30, 100]);
  const guests = Array.from({ length: count }, (_, index) =>
    world.guest(`vm-${index}-${random.between(0, 1e6)}`, { channel: random.chance(0.95) }),
  );
  const most = mostHung(world);
  const hungNow = (): number => guests.filter(({ hung }) => hung).length;

  const misfortune = async () => {
    const guest = random.pick(guests);
    switch (random.between(0, occupies ? 17 : 15)) {
      case 0:
      case 1:
      case 2:
        if (hungNow() < most) world.hang(guest);
        return;
      case 3:
      case 4:
        return wellAgain(world, random.pick(guests.filter(({ hung }) => hung).concat(guest)));
      case 5:
        // Its agent is restarted, or is stopped by the guest's owner for a while.
        world.channelChanges(guest, false);
        return world.after(random.pick([0, 500, 25_000, 200_000]), () => world.channelChanges(guest, true));
      case 6:
        return world.reboot(guest, random.pick([300, 20_000, 120_000]));
      case 7:
        world.stop(guest);
        return world.after(random.pick([0, 1000, 60_000]), () => world.start(guest));
      case 8:
        world.pause(guest, true);
        return world.after(random.pick([0, 100, 5000, 60_000]), () => world.pause(guest, false));
      case 9:
        guest.migrating = true;
        return world.after(random.between(0, 120_000), () => {
          guest.migrating = false;
        });
      case 10:
        guest.requests += 1;
        world.api.mode = random.pick(MODES);
        return;
      case 11:
        world.disconnect();
        return world.after(random.pick([0, 500, 20_000]), () => {
          if (!world.connected) world.connect();
        });
      case 12:
        return await restartMonitor(world, random);
      case 13:
        return refuseTimeouts(world, random);
      case 14:
        // An operator changes it, and has the monitor read it.
        if (!world.running) return;
        world.reload({ suspect_response_timeout: random.pick([0, 1, 2, 4]) });
        return;
      case 16:
      case 17:
        return occupy(world, guest, random);
      default:
        // One that does not answer for a moment only.
        if (guest.hung || hungNow() >= most) return;
        world.hang(guest);
        return world.after(random.between(0, 4000), () => wellAgain(world, guest));
    }
  };

  const play = async (): Promise<void> => {
    world.startMonitor();
    await world.run(60_000);
    const end = world.mono + TROUBLE_MS;
    while (world.mono < end) {
      await world.run(random.pick([0, 1, 100, 2000, 15_000, 40_000]));
      await misfortune();
    }
    world.settingFate = () => undefined;
    world.api.mode = "up";
    // What was to end later ends in here.
    await world.run(200_000);
    if (!world.connected) world.connect();
    await world.run(peaceMs(world, most));
  };
  return { world, occupies, play };
}

/** So many may begin to hang together without a healthy guest's ping being late: each may take a lane its 5 s once. */
function mostHung({ settings }: IntrospectiveWorld): number {
  return Math.max(1, Math.floor((settings.guest_monitoring_interval * 1000) / SYNC_MS) - 1);
}

/** The most a report may take: each round an interval, and the suspected guests before it in its lanes. */
function peaceMs({ settings }: IntrospectiveWorld, hung: number): number {
  const rounds = settings.guest_monitoring_failure_threshold + 3;
  const lanes = Math.min(settings.max_suspect_commands, settings.max_agent_commands - 1);
  const round = settings.guest_monitoring_interval * 1000 + Math.ceil((hung + 1) / lanes) * SYNC_MS;
  return rounds * round + settings.minimum_uptime * 1000 + RETRY_MS;
}

/** libvirt sets no response time-outs for a while, or does not report whether it has. */
function refuseTimeouts(world: IntrospectiveWorld, random: Seeded): void {
  const fate = random.pick([
    { done: false, outcome: "refused" },
    { done: false, outcome: "unknown" },
    { done: true, outcome: "unknown" },
  ] as const);
  world.settingFate = () => fate;
  world.after(random.pick([100, 20_000, 90_000]), () => {
    world.settingFate = () => undefined;
  });
}

function occupy(world: IntrospectiveWorld, guest: RealGuest, random: Seeded): void {
  if (guest.occupiedBy !== undefined || guest.id === -1 || !guest.open) return;
  world.occupy(guest, random.pick(["remoteDispatchDomainFSFreeze", "remoteDispatchDomainGetGuestInfo"]));
  world.after(random.pick([10_000, 60_000, 150_000]), () => world.occupy(guest, undefined));
}

function wellAgain(world: IntrospectiveWorld, guest: RealGuest): void {
  world.hang(guest, false);
}

async function restartMonitor(world: IntrospectiveWorld, random: Seeded): Promise<void> {
  world.stopMonitor();
  await world.run(random.pick([0, 1000, 30_000]));
  for (const guest of world.guests.values()) if (guest.hung && random.chance(0.5)) wellAgain(world, guest);
  world.startMonitor(random.chance(0.7));
  if (!world.connected) world.after(random.between(0, 20_000), () => void (world.connected || world.connect()));
}
