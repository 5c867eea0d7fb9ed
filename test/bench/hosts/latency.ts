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
  const of = (peer: number): number[] =>
    measured.map(({ toVerdict, toFenced, peers }) => (peers[peer]?.toPost ?? Number.NaN) - (toFenced ?? toVerdict));
  const [python, ours] = [of(0), of(1)];
  const what = fencing
    ? "host fenced (Pacemaker's log line) → POST"
    : "host lost (Pacemaker's log line) → POST, no proof needed";
  const label = `${what}, monitoring_interval ${interval}, ${measured.length} samples`;
  rows.push({
    what: label,
    python: durations(python),
    ours: durations(ours),
    ratio: times(spread(python).median / spread(ours).median),
  });
  const answers = (peer: number): string =>
    [...new Set(measured.map(({ peers }) => peers[peer]?.answers.join(", ") ?? "none"))].join("; ");
  rows.push({ what: "… the API's answers for each loss", python: answers(0), ours: answers(1), ratio: "–" });
  const verdicts = measured.map(({ toVerdict }) => toVerdict);
  const toFenced = measured.map((loss) => loss.toFenced).filter((ms) => ms !== undefined);
  const kill = `kill → lost ${durations(verdicts)}${toFenced.length > 0 ? `, kill → fenced ${durations(toFenced)}` : ""}`;
  rows.push({ what: `… of both: ${kill}`, python: "", ours: "", ratio: "" });
  const { max } = spread(ours);
  targets.push(
    {
      what: `${what}, interval ${interval}, longest`,
      wanted: `≤ ${duration(goalMs)}`,
      measured: duration(max),
      reached: max <= goalMs,
    },
    {
      what: `${fencing ? "with" : "without"} fencing, interval ${interval}: POSTs for one loss`,
      wanted: "202",
      measured: answers(1),
      reached: answers(1) === "202",
    },
  );
}
