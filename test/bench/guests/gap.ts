import { setTimeout as sleep } from "node:timers/promises";
import type { Child } from "../../support/child.ts";
import { DeadlineError, eventually } from "../../support/eventually.ts";
import type { Guest } from "../../system/libvirt/guest.ts";
import type { OpenStackAddress } from "../../system/openstack/servers.ts";
import type { Section } from "../report.ts";
import { GuestPeer } from "./guest-peer.ts";
import { Hypervisor } from "./hypervisor.ts";

const dying = 5;
/** Python tries again once, after 3 to 4 s. */
const longGapMs = 10_000;
const patienceMs = 20_000;

/** Guests die while libvirtd is away, both monitors at the same one: which deaths are never notified? */
export async function guestsGap(address: OpenStackAddress): Promise<Section> {
  const hypervisor = await Hypervisor.start();
  const python = await GuestPeer.make("python", address, hypervisor);
  const ours = await GuestPeer.make("ours", address, hypervisor);
  const peers = [python, ours] as const;
  try {
    const guests = await hypervisor.definedGuests(2 * dying);
    const monitors = [await python.startInstanceMonitor(), await ours.startInstanceMonitor()] as const;
    const pids = new Map(guests.map((guest) => [guest, guest.pid]));
    const gap = async (dead: readonly Guest[], ms: number) => {
      await hypervisor.libvirtd.kill();
      for (const guest of dead) process.kill(pids.get(guest) ?? 0, "SIGKILL");
      await sleep(ms);
      await hypervisor.libvirtd.restart();
      // Both have the same time: what has not come by its end is lost.
      const lost = await Promise.all(peers.map((peer) => lostOf(peer, dead)));
      return lost as [number, number];
    };
    const short = await gap(guests.slice(0, dying), 0);
    const shortEnd = monitors.map(ended);
    const long = await gap(guests.slice(dying), longGapMs);
    const longEnd = monitors.map(ended);
    const row = (what: string, lost: readonly number[], ends: readonly string[]) => ({
      what: `libvirtd killed, ${dying} guests die, libvirtd started again ${what}`,
      python: `**${lost[0]} of ${dying} lost**${ends[0]}`,
      ours: `**${lost[1]} of ${dying} lost**${ends[1]}`,
      ratio: "–",
    });
    const lost = short[1] + long[1];
    return {
      rows: [row("at once", short, shortEnd), row(`after ${longGapMs / 1000} s`, long, longEnd)],
      targets: [
        {
          what: "deaths in a gap of libvirtd's that are lost",
          wanted: "0",
          measured: `${lost} of ${2 * dying}`,
          reached: lost === 0,
        },
      ],
    };
  } finally {
    for (const peer of peers) await peer.close();
    await hypervisor.stop();
  }
}

async function lostOf(peer: GuestPeer, dead: readonly Guest[]): Promise<number> {
  const notified = () => dead.filter((guest) => peer.accepted(guest) !== undefined).length;
  try {
    await eventually("the POSTs", patienceMs, () => notified() === dead.length || undefined, 100);
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
  }
  return dead.length - notified();
}

const ended = (monitor: Child): string => (monitor.running ? "" : "; the monitor has ended");
