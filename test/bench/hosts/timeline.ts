import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import { Cluster } from "../../system/pacemaker/cluster.ts";
import { LogLines } from "../../system/pacemaker/log-lines.ts";
import { Monitors } from "../../system/pacemaker/monitors.ts";
import { RecordingApi } from "../../system/pacemaker/recording-api.ts";
import { duration, durations, type Section, spread } from "../report.ts";
import { losses } from "./register.ts";

const goalMs = 500;
const inTimeMs = 120_000;
/** The processes of the next look are prepared 2 s after a look. */
const settledMs = 4000;
const preload = { NODE_OPTIONS: "--require /run/checkout/test/bench/hosts/trace-steps.cjs" };
const [reporter, lost] = ["node1", "node3"] as const;
const verdictLine = new RegExp(`Node ${lost} state is now lost`);

/** ms between one step and the next, from Pacemaker's verdict on. */
interface Steps {
  readonly toLook: number;
  readonly crmMon: number;
  readonly corosync: number;
  readonly deciding: number;
  readonly request: number;
  readonly toPost: number;
}

/** Where the time goes between Pacemaker's log line that a host is lost and Masakari's response, at the monitor that reports it. */
export async function hostsTimeline(): Promise<Section> {
  process.env.MASAKARI_MONITORS_RUN = "build";
  const cluster = await Cluster.start({ members: 3, management: true });
  const measured: Steps[] = [];
  try {
    for (let run = 1; run <= losses(20); run += 1) {
      measured.push(await loseOnce(cluster, run));
      process.stderr.write(`${JSON.stringify(measured.at(-1))}\n`);
    }
  } finally {
    await cluster.stop();
  }
  const row = (what: string, of: (steps: Steps) => number) => ({
    what,
    python: "",
    ours: durations(measured.map(of)),
    ratio: "",
  });
  const { max } = spread(measured.map(({ toPost }) => toPost));
  return {
    rows: [
      row(`host lost (Pacemaker's log line) → crm_mon begins, ${measured.length} losses`, ({ toLook }) => toLook),
      row("crm_mon", ({ crmMon }) => crmMon),
      row("corosync-quorumtool and corosync-cfgtool", ({ corosync }) => corosync),
      row("reading, deciding, writing to disk", ({ deciding }) => deciding),
      row("POST → response", ({ request }) => request),
      row("host lost → POST", ({ toPost }) => toPost),
    ],
    targets: [
      {
        what: "POST after Pacemaker's log line, monitoring_interval 60, longest",
        wanted: `≤ ${duration(goalMs)}`,
        measured: duration(max),
        reached: max <= goalMs,
      },
    ],
  };
}

async function loseOnce(cluster: Cluster, run: number): Promise<Steps> {
  await cluster.restore();
  // An API of its own, which does not take the next loss of the same host for a repeat.
  const api = await RecordingApi.start(cluster);
  const names = cluster.nodes.map(({ name }) => name);
  const host = { disable_ipmi_check: "true" };
  const monitors = new Monitors(cluster, { rights: "root", run, authUrl: api.authUrl, host, env: preload });
  const survivors = cluster.nodes.filter(({ name }) => name !== lost);
  const logs = survivors.map(({ folder }) => new LogLines(`${folder}/log/pacemaker/pacemaker.log`));
  try {
    await monitors.start(names);
    await sleep(settledMs + Math.random() * 5000);
    await cluster.node(lost).kill();
    const verdict = await eventually("Pacemaker's verdict", inTimeMs, () => {
      const seen = logs.flatMap((log) => log.at(verdictLine) ?? []);
      return seen.length > 0 ? performance.timeOrigin + Math.min(...seen) : undefined;
    });
    return await eventually("the response", inTimeMs, () => stepsIn(monitors.of(reporter).output, verdict));
  } finally {
    for (const log of logs) log.close();
    await monitors.stop();
    await api.stop();
  }
}

/** The steps of the look that led to the first POST after the verdict, ms since the epoch. */
function stepsIn(output: string, verdict: number): Steps | undefined {
  const steps = [...output.matchAll(/^step (\d+) (begin|end) (\S+)$/gm)].map(([, at, event, what]) => ({
    at: Number(at),
    step: `${event} ${what}`,
  }));
  const post = steps.find(({ at, step }) => step === "begin POST" && at > verdict)?.at;
  const response = post && steps.find(({ at, step }) => step === "end POST" && at >= post)?.at;
  if (post === undefined || response === undefined) return undefined;
  const before = (step: string, until: number): number =>
    steps.findLast((one) => one.step === step && one.at <= until)?.at ?? Number.NaN;
  const known = Math.max(before("end corosync-quorumtool", post), before("end corosync-cfgtool", post));
  const shown = before("end crm_mon", known);
  const began = before("begin crm_mon", shown);
  return {
    toLook: began - verdict,
    crmMon: shown - began,
    corosync: known - shown,
    deciding: post - known,
    request: response - post,
    toPost: post - verdict,
  };
}
