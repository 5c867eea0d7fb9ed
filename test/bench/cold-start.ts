import type { Child } from "../support/child.ts";
import type { OpenStackAddress } from "../system/openstack/servers.ts";
import { idleMachine } from "./idle-machine.ts";
import { makePeer, type Peer } from "./peers.ts";
import { duration, durations, type Section, spread, times } from "./report.ts";

const runs = 10;
/** Python finds out within `check_interval`; the first check is at once, so the option does not matter here. */
const settings = { process: { check_interval: 5, restart_retries: 0 }, debug: true };

/** From exec to the line by which a first process was checked. The page cache is warm: the first start is not counted. */
export async function coldStart(address: OpenStackAddress): Promise<Section> {
  const python = await makePeer("python", address, settings);
  const ours = await makePeer("ours", address, settings);
  try {
    const samples = { python: [] as number[], ours: [] as number[] };
    await startOnce(python);
    await startOnce(ours);
    for (let run = 0; run < runs; run += 1) {
      samples.python.push(await startOnce(python));
      samples.ours.push(await startOnce(ours));
    }
    const ratio = spread(samples.python).median / spread(samples.ours).median;
    const median = spread(samples.ours).median;
    return {
      rows: [
        {
          what: `cold start to first finished check, ${runs} starts`,
          python: durations(samples.python),
          ours: durations(samples.ours),
          ratio: times(ratio),
        },
      ],
      targets: [{ what: "cold start", wanted: "≤ 300 ms", measured: duration(median), reached: median <= 300 }],
    };
  } finally {
    await python.close();
    await ours.close();
  }
}

async function startOnce(peer: Peer): Promise<number> {
  await idleMachine();
  const startedAt = performance.now();
  const monitor: Child = await peer.rig.start();
  const took = performance.now() - startedAt;
  await monitor.stop("SIGKILL");
  return took;
}
