import { readFileSync, statSync } from "node:fs";
import { Loop } from "../../../src/monitor/loop.ts";
import { noProgress } from "../../../src/monitor/progress.ts";
import { LostRecords } from "../../../src/monitor/recording/lost-records.ts";
import { FlightRecorder } from "../../../src/monitor/recording/recorder.ts";
import { recordingDirectory, recordingOperations, segmentsIn } from "../../../src/monitor/recording/segment-files.ts";
import { type RecordingFiles, SegmentWriter } from "../../../src/monitor/recording/segment-writer.ts";
import { Outbox } from "../../../src/notify/outbox.ts";
import { Store } from "../../../src/notify/store.ts";
import { Conditions } from "../../../src/status/conditions.ts";
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
  /** What the flight recorder has on disk of it, compressed; 0 without it. */
  readonly bytesRecorded: number;
  /** Resident memory at the end, bytes. */
  readonly rss: number;
}

/** `worker MONITOR SIZE STATE_PATH [recorded]`: runs the scenario once in this process, with a flight recorder or without, and prints its cost. */
async function main([name = "", size = "", statePath = "", recorded]: readonly string[]): Promise<Cost> {
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
  const recording = recorded === undefined ? undefined : recordingIn({ statePath, name, clock, log });
  const recorder = recording?.recorder;
  const parts = { store, outbox, clock, log, progress, recorder };
  const loop = new Loop({ ...monitor, act }, parts, stop.signal, (error) => {
    throw error;
  });
  loop.start();
  const feed = {
    clock,
    observe: (observation: object) => loop.observe({ at: clock.now(), ...observation }),
  };
  await scenario.begin(feed, Number(size));
  await recording?.written();
  const before = {
    ...{ observations: progress.observations, cpu: process.cpuUsage(), bytes: bytesWritten() },
    recorded: recording?.bytes() ?? 0,
  };
  await scenario.continue(feed, Number(size));
  await recorder?.close();
  const { user, system } = process.cpuUsage(before.cpu);
  const cost = {
    observations:
      (progress.observations - before.observations) * (scenario.subjectsPerObservation?.(Number(size)) ?? 1),
    cpuSeconds: (user + system) / 1e6,
    bytesWritten: bytesWritten() - before.bytes,
    bytesRecorded: (recording?.bytes() ?? 0) - before.recorded,
    rss: process.memoryUsage.rss(),
  };
  stop.abort();
  store.close();
  return cost;
}

interface RecordingParts {
  readonly statePath: string;
  readonly name: string;
  readonly clock: VirtualClock;
  readonly log: KeptLog;
}

/** As `cli/flight-recorder.ts` makes it, but for the thread on which it compresses and writes: that costs the process as much on this one. */
function recordingIn({ statePath, name, clock, log }: RecordingParts) {
  const directory = recordingDirectory(statePath, name);
  const { beginRecordingSegment, appendRecordingBlock, pruneRecording } = recordingOperations;
  const conditions = new Conditions(clock);
  const files: RecordingFiles = {
    begin: async (othersBytes, unfinished) => beginRecordingSegment(directory, othersBytes, unfinished),
    append: async (segment, lines) => appendRecordingBlock(directory, segment, lines),
    prune: async (segment, othersBytes) => pruneRecording(directory, segment, othersBytes),
  };
  const writer = new SegmentWriter({ files, limitBytes: 256_000_000, conditions, log, program: name });
  const lost = new LostRecords({ conditions, clock, log });
  const recorder = new FlightRecorder({ writer, lost, clock, version: "1", bootId: "boot-1" });
  return {
    recorder,
    /** Resolves when what was recorded so far is in files. */
    written: async (): Promise<void> => {
      await clock.advance(1000);
      await writer.settled();
    },
    bytes: (): number => segmentsIn(directory).reduce((sum, path) => sum + statSync(path).size, 0),
  };
}

/** proc(5): wchar. */
function bytesWritten(): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
}

process.stdout.write(JSON.stringify(await main(process.argv.slice(2))));
