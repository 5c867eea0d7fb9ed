import { readFileSync } from "node:fs";
import { Loop } from "../../../src/monitor/loop.ts";
import { noProgress } from "../../../src/monitor/progress.ts";
import { Outbox } from "../../../src/notify/outbox.ts";
import { Store } from "../../../src/notify/store.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";
import { scenarios } from "./scenarios.ts";

/** What a scenario has cost after its beginning. */
export interface Cost {
  /** Of one subject each. */
  readonly observations: number;
  readonly cpuSeconds: number;
  /** By system calls: the database, its log, and what SQLite copies from the one to the other. */
  readonly bytesWritten: number;
}

/** `worker MONITOR SIZE STATE_PATH`: runs the scenario once in this process, and prints its cost. */
async function main([name = "", size = "", statePath = ""]: readonly string[]): Promise<Cost> {
  const scenario = scenarios[name];
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const [clock, bootId] = [new VirtualClock(), "boot-1"];
  const log = new KeptLog();
  const monitor = scenario.make({ clock, log, bootId });
  const store = new Store({ statePath, program: name, clock, log, bootId });
  store.open();
  const outbox = new Outbox({ store, clock, log, bootId, expiryMs: 86_400_000 });
  const stop = new AbortController();
  const progress = noProgress();
  const act = name === "introspectiveinstancemonitor" ? monitor.act : () => Promise.resolve();
  const loop = new Loop({ ...monitor, act }, { store, outbox, clock, log, progress }, stop.signal, (error) => {
    throw error;
  });
  loop.start();
  const feed = {
    clock,
    observe: (observation: object) => loop.observe({ at: clock.now(), ...observation }),
  };
  await scenario.begin(feed, Number(size));
  const before = { observations: progress.observations, cpu: process.cpuUsage(), bytes: bytesWritten() };
  await scenario.continue(feed, Number(size));
  const { user, system } = process.cpuUsage(before.cpu);
  const cost = {
    observations:
      (progress.observations - before.observations) * (scenario.subjectsPerObservation?.(Number(size)) ?? 1),
    cpuSeconds: (user + system) / 1e6,
    bytesWritten: bytesWritten() - before.bytes,
  };
  stop.abort();
  store.close();
  return cost;
}

/** proc(5): wchar. */
function bytesWritten(): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
}

process.stdout.write(JSON.stringify(await main(process.argv.slice(2))));
