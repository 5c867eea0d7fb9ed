import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import type { Guest } from "../../system/libvirt/guest.ts";
import type { OpenStackAddress } from "../../system/openstack/servers.ts";
import { duration, durations, type Row, type Section, spread } from "../report.ts";
import { crowdSize } from "./crowd-size.ts";
import { GuestPeer } from "./guest-peer.ts";
import { Hypervisor } from "./hypervisor.ts";
import { LibvirtRelay } from "./relay.ts";

/** The default `guest_monitoring_interval`: everything here is at the defaults. */
const intervalMs = 10_000;
const patienceMs = 240_000;
/**
 * Debian's introspective monitor never pings, so there is nothing to measure beside ours. These are of upstream's master at
 * the same settings, measured once on the same real libvirtd and QEMU: from the freeze to the notification, and from ping to ping.
 */
const published: Readonly<Record<number, { readonly report: string; readonly between: string }>> = {
  // Its next round begins when the interval is over, or the round if that is later.
  1: { report: "53 s", between: "10 s" },
  6: { report: "127–147 s", between: "30.1 s" },
};

interface Outcome {
  readonly hung: number;
  /** ms from the freeze to the POST, for each that hangs. */
  readonly reports: readonly number[];
  /** The longest time, ms, for which a healthy guest was not pinged meanwhile. */
  readonly unpinged: number;
  readonly wrongly: number;
}

/** Guest agents hang, 1, 6 and 20 of a hundred: how long until it is told, and do the healthy ones wait for them? */
export async function guestsHung(address: OpenStackAddress): Promise<Section> {
  const size = crowdSize(100);
  const hypervisor = await Hypervisor.start();
  const relay = await LibvirtRelay.start(hypervisor.libvirtd.socket);
  const ours = await GuestPeer.make("ours", address, hypervisor, relay.uri);
  try {
    let guests = await hypervisor.guests(size);
    ours.startIntrospectiveMonitor();
    const outcomes: Outcome[] = [];
    for (const count of [1, 6, 20].filter((one) => one < size)) {
      await eventually("all guests to answer the monitor", 60_000, () => allAnswered(relay, guests), 250);
      // Any phase of an interval is as likely as any other.
      await sleep(Math.random() * intervalMs);
      const [hung, healthy] = [guests.slice(0, count), guests.slice(count)];
      outcomes.push(await freeze(hung, healthy, relay, ours));
      for (const guest of hung) await guest.destroy();
      guests = [...healthy, ...(await hypervisor.guests(count))];
    }
    return section(size, outcomes, relay.mostAtOnce);
  } finally {
    await ours.close();
    await relay.close();
    await hypervisor.stop();
  }
}

async function freeze(
  hung: readonly Guest[],
  healthy: readonly Guest[],
  relay: LibvirtRelay,
  ours: GuestPeer,
): Promise<Outcome> {
  const frozenAt = performance.now();
  for (const guest of hung) guest.tell("x-hang");
  const reports = await Promise.all(
    hung.map(async (guest) => {
      const at = await eventually(`the POST about ${guest.name}`, patienceMs, () => ours.arrival(guest), 100);
      return at - frozenAt;
    }),
  );
  const until = performance.now();
  return {
    hung: hung.length,
    reports,
    unpinged: Math.max(...healthy.map(({ domain }) => longestGap(relay, domain.uuid, frozenAt, until))),
    wrongly: healthy.filter((guest) => ours.arrival(guest) !== undefined).length,
  };
}

function allAnswered(relay: LibvirtRelay, guests: readonly Guest[]): true | undefined {
  const answered = new Set(relay.pings.filter((ping) => ping.answered).map(({ uuid }) => uuid));
  return guests.every(({ domain }) => answered.has(domain.uuid)) || undefined;
}

/** From the last ping before `from`, over those until `until`, to `until` itself. */
function longestGap(relay: LibvirtRelay, uuid: string, from: number, until: number): number {
  const times = relay.pings.filter((ping) => ping.uuid === uuid).map(({ beganAt }) => beganAt);
  const relevant = [
    times.findLast((at) => at < from) ?? from,
    ...times.filter((at) => at >= from && at < until),
    until,
  ];
  return Math.max(...relevant.slice(1).map((at, index) => at - (relevant[index] ?? at)));
}

function section(size: number, outcomes: readonly Outcome[], mostAtOnce: number): Section {
  const rows = outcomes.flatMap(({ hung, reports, unpinged }): Row[] => [
    {
      what: `freeze → notification, ${hung} hung of ${size} guests`,
      python: published[hung] ? `${published[hung].report} (published)` : "–",
      ours: durations(reports),
      ratio: "–",
    },
    {
      what: `round: longest time from ping to ping of a healthy guest, interval 10 s, ${hung} hung`,
      python: published[hung] ? `${published[hung].between} (published)` : "–",
      ours: `**${duration(unpinged)}**`,
      ratio: "–",
    },
  ]);
  const slowest = (wanted: number) => spread(outcomes.find(({ hung }) => hung === wanted)?.reports ?? []).max;
  const last = Math.max(...outcomes.map(({ hung }) => hung));
  const later = slowest(last) - slowest(1);
  const unpinged = Math.max(...outcomes.map((outcome) => outcome.unpinged));
  const wrongly = outcomes.reduce((sum, outcome) => sum + outcome.wrongly, 0);
  return {
    rows,
    targets: [
      {
        what: `freeze → notification for ${last} hung, the last of them, against 1 hung`,
        wanted: "within one round (10 s)",
        measured: `${later < 0 ? "−" : "+"}${duration(Math.abs(later))}`,
        reached: later <= intervalMs,
      },
      {
        what: "a healthy guest's ping, late by (beyond the interval)",
        wanted: "≤ one interval (10 s)",
        measured: duration(unpinged - intervalMs),
        reached: unpinged <= 2 * intervalMs,
      },
      { what: "healthy guests notified", wanted: "0", measured: `${wrongly}`, reached: wrongly === 0 },
      {
        what: "guest agent commands under way at a time",
        wanted: "≤ 4",
        measured: `${mostAtOnce}`,
        reached: mostAtOnce <= 4,
      },
    ],
  };
}
