import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { diskOperations } from "../../src/cli/disk.ts";
import { flightRecorder } from "../../src/cli/flight-recorder.ts";
import type { Config } from "../../src/config/sections.ts";
import { Loop } from "../../src/monitor/loop.ts";
import { noProgress } from "../../src/monitor/progress.ts";
import { Outbox } from "../../src/notify/outbox.ts";
import { Store } from "../../src/notify/store.ts";
import { Conditions } from "../../src/status/conditions.ts";
import { directDiskCalls } from "../../src/system/disk/calls.ts";
import { DiskThread } from "../../src/system/disk/thread.ts";
import { systemClock as clock } from "../../src/system/system-clock.ts";
import { KeptLog } from "../support/kept-log.ts";
import { scenarios } from "./decide/scenarios.ts";

/** Of one run, bytes. */
export interface ResidentMemory {
  readonly median: number;
  readonly peak: number;
}

const GUESTS = 1000;
/** Each guest has been pinged by then. */
const SETTLE_MS = 15_000;
/** As the monitors probe their disk, so that the thread is at work in both. */
const PROBE_MS = 5000;

/** `worker STATE_PATH DISK_THREAD SECONDS [recorded]`: pings 1,000 guests every 10 s in real time and prints the memory that it took. */
async function main([statePath = "", diskThread = "", seconds = "", recorded]: readonly string[]) {
  const [name, bootId, log] = ["introspectiveinstancemonitor", "boot-1", new KeptLog()];
  const scenario = scenarios[name];
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const store = new Store({ statePath, program: name, clock, log, bootId });
  store.open();
  const outbox = new Outbox({ store, clock, log, bootId, expiryMs: 86_400_000 });
  const disk = new DiskThread({ module: pathToFileURL(diskThread), direct: directDiskCalls(diskOperations) });
  const config = { DEFAULT: { recording_size: recorded === undefined ? 0 : 16 } } as Config;
  const conditions = new Conditions(clock);
  const recorder = flightRecorder(name, config, { statePath, disk, bootId, clock, conditions, log });
  const monitor = scenario.make({ clock, log, bootId });
  const loop = new Loop(
    monitor,
    { store, outbox, clock, log, progress: noProgress(), recorder },
    new AbortController().signal,
    (error) => {
      throw error;
    },
  );
  loop.start();
  const observe = (observation: object) => loop.observe({ at: clock.now(), ...observation });
  await scenario.begin({ clock: { advance: async () => undefined }, observe }, GUESTS);
  setInterval(() => void disk.callLater("probeDisk", statePath), PROBE_MS);
  await sleep(SETTLE_MS);
  const samples: number[] = [];
  for (let second = 0; second < Number(seconds); second++) {
    await sleep(1000);
    samples.push(kib("VmRSS") * 1024);
  }
  samples.sort((one, other) => one - other);
  const memory: ResidentMemory = { median: samples[samples.length >> 1] ?? Number.NaN, peak: kib("VmHWM") * 1024 };
  process.stdout.write(JSON.stringify(memory));
  process.exit(0);
}

/** proc_pid_status(5). */
function kib(field: "VmRSS" | "VmHWM"): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
}

await main(process.argv.slice(2));
