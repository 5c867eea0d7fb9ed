import type { OpenStackAddress } from "../../system/openstack/servers.ts";
import { Cluster } from "../../system/pacemaker/cluster.ts";
import { duration, durations, type Row, type Section, spread, type Target, times } from "../report.ts";
import { HostPeer } from "./host-peer.ts";
import { type Loss, loseOnce } from "./lose.ts";
import { losses, register } from "./register.ts";

const goalMs = 500;

/**
 * From Pacemaker's own log line to the request's head at the API, in a real three-node cluster where both run on every node: the loss
 * alone (`disable_ipmi_check`), and with fencing and proof of death.
 */
export async function hosts(address: OpenStackAddress): Promise<Section> {
  const rows: Row[] = [];
  const targets: Target[] = [];
  for (const fencing of [false, true]) {
    const cluster = await Cluster.start({ members: 3, fencing, ...(fencing && { groupedDevices: true }) });
    try {
      await register(address, cluster);
      const peers = [await HostPeer.make("python", address, cluster), await HostPeer.make("ours", address, cluster)];
      try {
        for (const interval of [60, 5]) {
          const measured: Loss[] = [];
          for (let number = 0; number < losses(interval > 5 ? 3 : 5); number += 1) {
            const options = fencing ? {} : { disable_ipmi_check: "true" };
            const loss = await loseOnce(cluster, peers, "node3", { interval, fencing, options });
            process.stderr.write(`interval ${interval}, fencing ${fencing}: ${JSON.stringify(loss)}\n`);
            measured.push(loss);
          }
          add(rows, targets, measured, interval, fencing);
        }
      } finally {
        for (const peer of peers) await peer.close();
      }
    } finally {
      await cluster.stop();
    }
  }
  return { rows, targets };
}

function add(rows: Row[], targets: Target[], measured: readonly Loss[], interval: number, fencing: boolean): void {
  const toPost = (peer: number): number[] => measured.map(({ peers }) => peers[peer]?.toPost ?? Number.NaN);
  const afterVerdict = (peer: number): number[] =>
    toPost(peer).map((ms, index) => ms - (measured[index]?.toVerdict ?? Number.NaN));
  const [python, ours] = [afterVerdict(0), afterVerdict(1)];
  const what = `host lost (Pacemaker's log line) → POST, ${fencing ? "with proof of death" : "no proof needed"}`;
  const label = `${what}, monitoring_interval ${interval}, ${measured.length} samples`;
  rows.push({
    what: label,
    python: durations(python),
    ours: durations(ours),
    ratio: times(spread(python).median / spread(ours).median),
  });
  const statuses = (peer: number): string =>
    [...new Set(measured.map(({ peers }) => peers[peer]?.statuses.join(", ") ?? "none"))].join("; ");
  rows.push({ what: "… the API's responses for each loss", python: statuses(0), ours: statuses(1), ratio: "–" });
  const fenced = measured.map((loss) => loss.toFenced).filter((ms) => ms !== undefined);
  const shown = [`kill → lost ${durations(measured.map(({ toVerdict }) => toVerdict))}`];
  if (fenced.length > 0) shown.push(`kill → fenced (log line) ${durations(fenced)}`);
  rows.push({ what: `… of both: ${shown.join(", ")}`, python: "", ours: "", ratio: "" });
  // The proof may be the BMC's response, which comes before the cluster calls its fencing successful.
  const late = fencing ? toPost(1).map((ms, index) => ms - (measured[index]?.toFenced ?? Number.NaN)) : ours;
  const { max } = spread(late);
  targets.push(
    {
      what: `POST after Pacemaker's log line (${fencing ? "fenced" : "lost"}), interval ${interval}, longest`,
      wanted: `≤ ${duration(goalMs)}`,
      measured: max < 0 ? `${duration(-max)} before it` : duration(max),
      reached: max <= goalMs,
    },
    {
      what: `${fencing ? "with" : "without"} fencing, interval ${interval}: POSTs for one loss`,
      wanted: "202",
      measured: statuses(1),
      reached: statuses(1) === "202",
    },
  );
}
