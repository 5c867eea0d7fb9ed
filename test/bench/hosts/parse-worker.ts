import { readFileSync } from "node:fs";
import type { ClusterObservation } from "../../../src/host/driver.ts";
import { hostMonitor } from "../../../src/host/monitor.ts";
import { parseCrmMon } from "../../../src/host/pacemaker/crm-mon.ts";
import { hostsOf } from "../../../src/host/pacemaker/hosts.ts";
import { Loop } from "../../../src/monitor/loop.ts";
import { noProgress } from "../../../src/monitor/progress.ts";
import { Outbox } from "../../../src/notify/outbox.ts";
import { Store } from "../../../src/notify/store.ts";
import { SETTINGS } from "../../support/host-cluster.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** What one look has cost, in ms of CPU. */
export interface LookCost {
  readonly parse: number;
  readonly decide: number;
}

export interface ParseCost {
  /** All hosts online. */
  readonly quiet: readonly LookCost[];
  /** The first look that shows the losses. */
  readonly loss: LookCost;
  readonly notified: number;
  readonly rssKiB: number;
}

const LOOKS = 12;
/** Before the costs are taken. */
const WARM_UP = 2;

/** `parse-worker STATE_PATH QUIET_XML LOSS_XML`: looks at both outputs as the host monitor does, and prints the cost. */
async function main([statePath = "", quietFile = "", lossFile = ""]: readonly string[]): Promise<ParseCost> {
  const [clock, bootId, log] = [new VirtualClock(), "boot-1", new KeptLog()];
  const nothing = { findHosts: () => Promise.reject(new Error("none")) } as never;
  const monitor = hostMonitor({
    ...{ clock, log, bootId, driver: nothing, api: nothing, askNova: nothing },
    settings: { ...SETTINGS, needsProof: false },
    checkPower: () => Promise.reject(new Error("none")),
    readOrders: () => Promise.resolve({}),
    segmentsEveryMs: () => 600_000,
  });
  const store = new Store({ statePath, program: "hostmonitor", clock, log, bootId });
  store.open();
  const outbox = new Outbox({ store, clock, log, bootId, expiryMs: 86_400_000 });
  const stop = new AbortController();
  const idle = { ...monitor, act: () => Promise.resolve() };
  const loop = new Loop(idle, { store, outbox, clock, log, progress: noProgress() }, stop.signal, (error) => {
    throw error;
  });
  loop.start();
  loop.observe({ kind: "started", at: clock.now(), bootId, settings: { ...SETTINGS, needsProof: false } });
  const look = async (text: string, interrupted: boolean): Promise<LookCost> => {
    const before = process.cpuUsage();
    const crm = parseCrmMon(text);
    const hosts = hostsOf(crm, { quorate: true, members: undefined, lostForMs: () => 10_000 });
    const parsed = process.cpuUsage(before);
    const observation: ClusterObservation = {
      ...{
        kind: "cluster",
        at: clock.now(),
        self: { name: "node1", stable: "yes" },
        quorum: "yes",
        heartbeat: "heard",
      },
      ...{ interrupted, complete: true, hosts, maintenance: { cluster: "no" }, fencing: crm.fencing, problems: [] },
    };
    loop.observe(observation);
    await loop.settled();
    const { user, system } = process.cpuUsage(before);
    await clock.advance(60_000);
    const parse = (parsed.user + parsed.system) / 1000;
    return { parse, decide: (user + system) / 1000 - parse };
  };
  const quiet = readFileSync(quietFile, "utf8");
  const costs: LookCost[] = [];
  for (let number = 0; number < LOOKS + WARM_UP; number += 1) costs.push(await look(quiet, number === 0));
  const loss = await look(readFileSync(lossFile, "utf8"), false);
  const notified = outbox.counters.added;
  stop.abort();
  store.close();
  const rssKiB = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  return { quiet: costs.slice(WARM_UP), loss, notified, rssKiB };
}

process.stdout.write(JSON.stringify(await main(process.argv.slice(2))));
