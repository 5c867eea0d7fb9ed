import { setTimeout as sleep } from "node:timers/promises";
import type { OpenStackAddress } from "../system/openstack/servers.ts";
import { cpuSecondsOf, type Memory, megabytes, memoryOf, processesOf } from "./footprint.ts";
import { makePeer, type Peer } from "./peers.ts";
import type { Section } from "./report.ts";
import { times } from "./report.ts";

const settleMs = 20_000;
const measuredMs = 60_000;

/** Memory and CPU with nothing to do: all twenty processes alive, default check_interval; both at the same time. */
export async function idle(address: OpenStackAddress): Promise<Section> {
  const python = await makePeer("python", address, { process: {} });
  const ours = await makePeer("ours", address, { process: {} });
  try {
    const peers = [await startAndFind(python), await startAndFind(ours)] as const;
    await sleep(settleMs);
    const before = peers.map((peer) => cpuSecondsOf(peer.pids()));
    await sleep(measuredMs);
    const [pythonCpu, oursCpu] = peers.map((peer, index) => cpuSecondsOf(peer.pids()) - (before[index] ?? 0));
    const [pythonMemory, oursMemory] = peers.map((peer) => memoryOf(peer.pids()));
    return section(pythonMemory, oursMemory, pythonCpu, oursCpu);
  } finally {
    await python.close();
    await ours.close();
  }
}

async function startAndFind(peer: Peer): Promise<{ pids: () => number[] }> {
  const monitor = peer.rig.startUnawaited();
  // Without debug Python logs nothing when it starts: what matters here is that it runs, and it is given 20 s to come to rest.
  await Promise.race([sleep(3000), monitor.exited]);
  if (!monitor.running) throw new Error(`a monitor ended: ${monitor.output}`);
  return { pids: () => processesOf(monitor.pid, peer.rig.configFile) };
}

function section(
  python: Memory | undefined,
  ours: Memory | undefined,
  pythonCpu: number | undefined,
  oursCpu: number | undefined,
): Section {
  if (python === undefined || ours === undefined || pythonCpu === undefined || oursCpu === undefined) {
    throw new Error("nothing was measured");
  }
  // /proc counts in hundredths of a second: what used less than one is taken as one, so that the ratio is a lower bound.
  const floor = Math.max(oursCpu, 0.01);
  const cpuRatio = pythonCpu / floor;
  const oursRss = (ours.rssKiB * 1024) / 1e6;
  return {
    rows: [
      {
        what: "resident memory (RSS) idle, all processes",
        python: `**${megabytes(python.rssKiB)}** (${python.processes} processes)`,
        ours: `**${megabytes(ours.rssKiB)}** (${ours.processes})`,
        ratio: times(python.rssKiB / ours.rssKiB),
      },
      {
        what: "proportional memory (PSS) idle, all processes",
        python: `**${megabytes(python.pssKiB)}**`,
        ours: `**${megabytes(ours.pssKiB)}**`,
        ratio: times(python.pssKiB / ours.pssKiB),
      },
      {
        what: "CPU idle, seconds per minute, children included",
        python: `**${pythonCpu.toFixed(2)} s**`,
        ours: `**${oursCpu.toFixed(2)} s**`,
        ratio: times(cpuRatio),
      },
    ],
    targets: [
      { what: "RSS of processmonitor", wanted: "≤ 70 MB", measured: megabytes(ours.rssKiB), reached: oursRss <= 70 },
      {
        what: "idle CPU against Python's",
        wanted: "≤ 1/50",
        measured: `1/${cpuRatio.toFixed(0)}`,
        reached: cpuRatio >= 50,
      },
    ],
  };
}
