import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import type { OpenStackAddress } from "../../system/openstack/servers.ts";
import { duration, durations, type Section, spread, times } from "../report.ts";
import { GuestPeer, type Which } from "./guest-peer.ts";
import { Hypervisor } from "./hypervisor.ts";

const samples = 20;

interface Samples {
  /** ms from SIGKILL of QEMU to the POST's head at the API. */
  readonly fromKill: number[];
  /** ms from libvirt's event, as it arrives at another client, to the same. */
  readonly fromEvent: number[];
}

/** From SIGKILL of a guest's QEMU to the request's head at the API, one guest after the other, one monitor at a time. */
export async function guestsLatency(address: OpenStackAddress): Promise<Section> {
  const hypervisor = await Hypervisor.start();
  try {
    const python = await measure("python", address, hypervisor);
    const ours = await measure("ours", address, hypervisor);
    const row = (what: string, which: keyof Samples) => ({
      what: `${what}, ${samples} samples`,
      python: durations(python[which]),
      ours: durations(ours[which]),
      ratio: times(spread(python[which]).median / spread(ours[which]).median),
    });
    const { median } = spread(ours.fromEvent);
    return {
      rows: [row("SIGKILL of QEMU → POST", "fromKill"), row("libvirt's event → POST", "fromEvent")],
      targets: [
        {
          what: "SIGKILL of QEMU → POST beyond the event's arrival, median",
          wanted: "≤ 10 ms",
          measured: duration(median),
          reached: median <= 10,
        },
      ],
    };
  } finally {
    await hypervisor.stop();
  }
}

async function measure(which: Which, address: OpenStackAddress, hypervisor: Hypervisor): Promise<Samples> {
  const peer = await GuestPeer.make(which, address, hypervisor);
  try {
    const guests = await hypervisor.guests(samples, { agent: "bare" });
    await peer.startInstanceMonitor();
    const measured: Samples = { fromKill: [], fromEvent: [] };
    for (const guest of guests) {
      await sleep(200 + Math.random() * 300);
      const killedAt = performance.now();
      guest.signal("SIGKILL");
      const postAt = await eventually(`the POST about ${guest.name}`, 30_000, () => peer.arrival(guest));
      const eventAt = await eventually(`libvirt's event of ${guest.name}`, 30_000, () => hypervisor.stoppedAt(guest));
      measured.fromKill.push(postAt - killedAt);
      measured.fromEvent.push(postAt - eventAt);
    }
    return measured;
  } finally {
    await peer.close();
  }
}
