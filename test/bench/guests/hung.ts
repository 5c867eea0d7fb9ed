import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import type { Guest } from "../../system/libvirt/guest.ts";
import type { OpenStackAddress } from "../../system/openstack/servers.ts";
import { duration, durations, type Row, type Section, spread, type Target } from "../report.ts";
import { crowdSize } from "./crowd-size.ts";
import { GuestPeer } from "./guest-peer.ts";
import { Hypervisor } from "./hypervisor.ts";
import { LibvirtRelay } from "./relay.ts";

/** The default `guest_monitoring_interval`: everything here is at the defaults, but for the option that is compared. */
const intervalMs = 10_000;
const patienceMs = 240_000;
/** `suspect_response_timeout`: off, as is the default, and as long as `guest_monitoring_timeout`. */
const optionValues = [0, 2] as const;
const hungCounts = [1, 6, 20] as const;
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
  readonly option: number;
  readonly hung: number;
  /** ms from the freeze to the POST, for each that hangs. */
  readonly reports: readonly number[];
  /** The longest time, ms, for which a healthy guest was not pinged meanwhile. */
  readonly unpinged: number;
  readonly wrongly: number;
  /** Domains whose response time-out in libvirt was not as before, 5 s after the last notification. */
  readonly short: number;
}

/** Guests freeze, 1, 6 and 20 of a hundred: how long until it is notified, and do the healthy ones wait for them? */
export async function guestsHung(address: OpenStackAddress): Promise<Section> {
  const size = crowdSize(100);
  const hypervisor = await Hypervisor.start();
  try {
    const outcomes: Outcome[] = [];
    let mostAtOnce = 0;
    let guests = await hypervisor.guests(size);
    for (const option of optionValues) {
      const relay = await LibvirtRelay.start(hypervisor.libvirtd.socket);
      const settings = `[introspectiveinstancemonitor]\nsuspect_response_timeout = ${option}\n`;
      const ours = await GuestPeer.make("ours", address, hypervisor, relay.uri, settings);
      try {
        ours.startIntrospectiveMonitor();
        for (const count of hungCounts.filter((one) => one < size)) {
          await eventually("all guests to answer the monitor", 60_000, () => allResponded(relay, guests), 250);
          const [hung, healthy] = [guests.slice(0, count), guests.slice(count)];
          outcomes.push({ option, ...(await freeze(hung, healthy, relay, ours, hypervisor)) });
          await Promise.all(hung.map((guest) => end(guest, hypervisor)));
          guests = [...healthy, ...(await hypervisor.guests(count))];
        }
      } finally {
        await ours.close();
        await relay.close();
        mostAtOnce = Math.max(mostAtOnce, relay.mostAtOnce);
      }
    }
    return section(size, outcomes, mostAtOnce);
  } finally {
    await hypervisor.stop();
  }
}

/** As guests that freeze do: QEMU stands still in the middle of it, and the last command to the agent has succeeded. */
async function freeze(
  hung: readonly Guest[],
  healthy: readonly Guest[],
  relay: LibvirtRelay,
  ours: GuestPeer,
  { libvirtd }: Hypervisor,
): Promise<Omit<Outcome, "option">> {
  // One of many always freezes right after a ping, the longest way to the next; so that they compare, a single one does too.
  const [first] = hung;
  if (first !== undefined && hung.length === 1) await pinged(relay, first);
  const frozenAt = performance.now();
  for (const guest of hung) guest.signal("SIGSTOP");
  const reports = await Promise.all(
    hung.map(async (guest) => {
      const at = await eventually(`the POST about ${guest.name}`, patienceMs, () => ours.arrival(guest), 100);
      return at - frozenAt;
    }),
  );
  const until = performance.now();
  await sleep(5000);
  return {
    hung: hung.length,
    reports,
    unpinged: Math.max(...healthy.map(({ domain }) => longestGap(relay, domain.uuid, frozenAt, until))),
    wrongly: healthy.filter((guest) => ours.arrival(guest) !== undefined).length,
    short: await shortTimeouts(libvirtd.folder),
  };
}

/** Resolves as soon as another ping of the guest gets a response. */
async function pinged(relay: LibvirtRelay, { domain, name }: Guest): Promise<void> {
  const responses = () => relay.pings.filter(({ uuid, hasResponse }) => uuid === domain.uuid && hasResponse).length;
  const before = responses();
  await eventually(`a ping of ${name}`, 3 * intervalMs, () => responses() > before || undefined, 10);
}

/** Domains for whose agent libvirt does not wait its own time, by libvirt's own record of each. */
async function shortTimeouts(folder: string): Promise<number> {
  const records = join(folder, "run/qemu");
  const names = (await readdir(records)).filter((name) => name.endsWith(".xml"));
  const texts = await Promise.all(names.map((name) => readFile(join(records, name), "utf8")));
  return texts.filter((text) => !text.includes("<agentTimeout>-2</agentTimeout>")).length;
}

/** A QEMU that stands still obeys nothing but SIGKILL. */
async function end(guest: Guest, hypervisor: Hypervisor): Promise<void> {
  guest.signal("SIGKILL");
  await eventually(`the end of ${guest.name}`, 30_000, () => hypervisor.stoppedAt(guest));
}

function allResponded(relay: LibvirtRelay, guests: readonly Guest[]): true | undefined {
  const responded = new Set(relay.pings.filter((ping) => ping.hasResponse).map(({ uuid }) => uuid));
  return guests.every(({ domain }) => responded.has(domain.uuid)) || undefined;
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
  const wrongly = outcomes.reduce((sum, outcome) => sum + outcome.wrongly, 0);
  const short = outcomes.reduce((sum, outcome) => sum + outcome.short, 0);
  return {
    rows: outcomes.flatMap((outcome) => rowsOf(size, outcome)),
    targets: [
      ...optionValues.flatMap((option) =>
        targetsOf(
          option,
          outcomes.filter((outcome) => outcome.option === option),
        ),
      ),
      { what: "healthy guests notified", wanted: "0", measured: `${wrongly}`, reached: wrongly === 0 },
      { what: "response time-outs left short", wanted: "0", measured: `${short}`, reached: short === 0 },
      {
        what: "guest agent commands under way at a time",
        wanted: "≤ 4",
        measured: `${mostAtOnce}`,
        reached: mostAtOnce <= 4,
      },
    ],
  };
}

const named = (option: number): string => `suspect_response_timeout ${option === 0 ? "off" : option}`;

function rowsOf(size: number, { option, hung, reports, unpinged }: Outcome): readonly Row[] {
  const python = published[hung];
  return [
    {
      what: `freeze → notification, ${hung} hung of ${size} guests, ${named(option)}`,
      python: python ? `${python.report} (published)` : "–",
      ours: durations(reports),
      ratio: "–",
    },
    {
      what: `round: longest time from ping to ping of a healthy guest, interval 10 s, ${hung} hung, ${named(option)}`,
      python: python ? `${python.between} (published)` : "–",
      ours: `**${duration(unpinged)}**`,
      ratio: "–",
    },
  ];
}

function targetsOf(option: number, outcomes: readonly Outcome[]): readonly Target[] {
  const slowest = (wanted: number) => spread(outcomes.find(({ hung }) => hung === wanted)?.reports ?? []).max;
  const most = Math.max(...outcomes.map(({ hung }) => hung));
  const later = slowest(most) - slowest(1);
  const late = Math.max(...outcomes.map((outcome) => outcome.unpinged)) - intervalMs;
  return [
    {
      what: `freeze → notification, the last of ${most} hung, against 1 hung, ${named(option)}`,
      wanted: "within one round (10 s)",
      measured: `${later < 0 ? "−" : "+"}${duration(Math.abs(later))}`,
      reached: later <= intervalMs,
    },
    {
      what: `a healthy guest's ping, late by (beyond the interval), ${named(option)}`,
      wanted: "≤ one interval (10 s)",
      measured: duration(late),
      reached: late <= intervalMs,
    },
  ];
}
