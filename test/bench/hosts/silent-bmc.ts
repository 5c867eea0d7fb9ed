import type { OpenStackAddress } from "../../system/openstack/servers.ts";
import { Cluster } from "../../system/pacemaker/cluster.ts";
import { duration, durations, type Section, spread, times } from "../report.ts";
import { HostPeer } from "./host-peer.ts";
import { type Loss, loseOnce } from "./lose.ts";
import { losses, register } from "./register.ts";

/** s: so that what is measured is the BMC, not the interval. */
const interval = 5;
/** What a look, and a check of a BMC that answers, may take beside Corosync's and Pacemaker's part. */
const goalMs = 5000;

/**
 * Two of five hosts die at once. The BMC of the first answers nothing, as when it lost its power with its host: how long does the POST about the
 * second take from Pacemaker's log line that it is lost?
 */
export async function hostsSilentBmc(address: OpenStackAddress): Promise<Section> {
  const cluster = await Cluster.start({ members: 5, fencing: true, groupedDevices: true });
  try {
    await register(address, cluster);
    const peers = [await HostPeer.make("python", address, cluster), await HostPeer.make("ours", address, cluster)];
    try {
      const measured: Loss[] = [];
      // The cluster's own fencing may not succeed while a device is silent: nothing waits for it here, the proof is the other BMC's response.
      for (let number = 0; number < losses(3); number += 1) {
        measured.push(
          await loseOnce(cluster, peers, "node5", { interval, fencing: false, options: {}, besides: "node4" }),
        );
      }
      const of = (peer: number): number[] =>
        measured.map((loss) => (loss.peers[peer]?.toPost ?? Number.NaN) - loss.toVerdict);
      const [python, ours] = [of(0), of(1)];
      const { max } = spread(ours);
      return {
        rows: [
          {
            what: `second of two hosts lost at once, the first one's BMC silent → POST, monitoring_interval ${interval}, ${ours.length} samples`,
            python: durations(python),
            ours: durations(ours),
            ratio: times(spread(python).median / spread(ours).median),
          },
        ],
        targets: [
          {
            what: "a second dead host is not delayed by the first one's BMC (ipmi_timeout 5 s, 4 tries), longest",
            wanted: `≤ ${duration(goalMs)}`,
            measured: duration(max),
            reached: max <= goalMs,
          },
        ],
      };
    } finally {
      for (const peer of peers) await peer.close();
    }
  } finally {
    await cluster.stop();
  }
}
