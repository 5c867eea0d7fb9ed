import { setTimeout as sleep } from "node:timers/promises";
import { DeadlineError, eventually } from "../../support/eventually.ts";
import type { OpenStackAddress } from "../../system/openstack/servers.ts";
import { forgetPeak, type Memory, megabytes, memoryOf, peakRssKiB } from "../footprint.ts";
import { duration, type Section, times } from "../report.ts";
import { crowdSize } from "./crowd-size.ts";
import { GuestPeer, type Which } from "./guest-peer.ts";
import { Hypervisor } from "./hypervisor.ts";

const settleMs = 20_000;
/** Python gives a notification up after 120 s of tries. */
const patienceMs = 130_000;

interface Outcome {
  readonly instance: Memory;
  readonly introspective: Memory;
  readonly both: Memory;
  readonly lost: number;
  /** ms from the kill until the last POST arrived that the API took. */
  readonly lastMs: number;
  readonly connections: number;
  readonly peakKiB: number;
}

/** A host full of guests: the memory that it takes to watch them, and what becomes of it when all die at once. */
export async function guestsCrowd(address: OpenStackAddress): Promise<Section> {
  const python = await suffer("python", address);
  const ours = await suffer("ours", address);
  const row = (what: string, show: (outcome: Outcome) => string, ratio: (outcome: Outcome) => number) => ({
    what,
    python: `**${show(python)}**`,
    ours: `**${show(ours)}**`,
    ratio: times(ratio(python) / ratio(ours)),
  });
  const size = crowdSize(200);
  return {
    rows: [
      row(
        `RSS of instancemonitor, ${size} guests, idle`,
        ({ instance }) => megabytes(instance.rssKiB),
        ({ instance }) => instance.rssKiB,
      ),
      row(
        `RSS of introspectiveinstancemonitor, ${size} guests (Debian's pings nobody)`,
        ({ introspective }) => megabytes(introspective.rssKiB),
        ({ introspective }) => introspective.rssKiB,
      ),
      row(
        "RSS of both, ours in one process",
        ({ both }) => megabytes(both.rssKiB),
        ({ both }) => both.rssKiB,
      ),
      row(
        `${size} guests killed at once, notifications lost`,
        ({ lost }) => `${lost}`,
        () => Number.NaN,
      ),
      row(
        "the same, kill → last POST that the API took",
        ({ lastMs }) => duration(lastMs),
        ({ lastMs }) => lastMs,
      ),
      row(
        "the same, connections to the API at the peak",
        ({ connections }) => `${connections}`,
        ({ connections }) => connections,
      ),
      row(
        "the same, RSS at the peak",
        ({ peakKiB }) => megabytes(peakKiB),
        ({ peakKiB }) => peakKiB,
      ),
    ],
    targets: [
      {
        what: `RSS of both monitors in one process, ${size} guests`,
        wanted: "≤ 75 MB",
        measured: megabytes(ours.both.rssKiB),
        reached: ours.both.rssKiB * 1024 <= 75e6,
      },
      {
        what: `notifications lost of ${size} guests killed at once`,
        wanted: "0",
        measured: `${ours.lost}`,
        reached: ours.lost === 0,
      },
    ],
  };
}

async function suffer(which: Which, address: OpenStackAddress): Promise<Outcome> {
  const hypervisor = await Hypervisor.start();
  const peer = await GuestPeer.make(which, address, hypervisor);
  const apart = await GuestPeer.make(which, address, hypervisor);
  try {
    const guests = await hypervisor.guests(crowdSize(200));
    const pids = guests.map(({ pid }) => pid);
    const monitor = await peer.startInstanceMonitor();
    const introspective = peer.startIntrospectiveMonitor();
    const both = which === "ours" ? [apart.startBothInOneProcess()] : [monitor, introspective];
    const watching = [introspective, ...both];
    await Promise.race([sleep(settleMs), ...watching.map(({ exited }) => exited)]);
    for (const { running, output } of watching) {
      if (!running) throw new Error(`${which}: a monitor ended:\n${output}`);
    }
    const idle = {
      instance: memoryOf([monitor.pid]),
      introspective: memoryOf([introspective.pid]),
      both: memoryOf(both.map(({ pid }) => pid)),
    };
    for (const other of watching) if (other !== monitor) await other.stop();

    forgetPeak(monitor.pid);
    peer.site.masakari.mostConnections = 0;
    const killedAt = performance.now();
    for (const pid of pids) process.kill(pid, "SIGKILL");
    const accepted = () => guests.map((guest) => peer.accepted(guest)).filter((at) => at !== undefined);
    try {
      await eventually("the POSTs", patienceMs, () => accepted().length === guests.length || undefined, 100);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
    }
    const arrived = accepted();
    return {
      ...idle,
      lost: guests.length - arrived.length,
      lastMs: Math.max(...arrived) - killedAt,
      connections: peer.site.masakari.mostConnections,
      peakKiB: peakRssKiB(monitor.pid),
    };
  } finally {
    await peer.close();
    await apart.close();
    await hypervisor.stop();
  }
}
