import type { TestContext } from "node:test";
import { LostRecords } from "../../src/monitor/recording/lost-records.ts";
import { FlightRecorder } from "../../src/monitor/recording/recorder.ts";
import { recordingDirectory, recordingOperations } from "../../src/monitor/recording/segment-files.ts";
import { type RecordingFiles, SegmentWriter } from "../../src/monitor/recording/segment-writer.ts";
import { decisions } from "../../src/process/decisions.ts";
import type { ProcessEffect, ProcessObservation } from "../../src/process/observation.ts";
import { initialState, type ProcessState } from "../../src/process/state.ts";
import { Conditions } from "../../src/status/conditions.ts";
import { KeptLog } from "./kept-log.ts";
import { stateDirectory } from "./outbox-rig.ts";
import { entryNamed, plainSettings } from "./process-entries.ts";
import { VirtualClock } from "./virtual-clock.ts";

type Decide = (state: ProcessState, observation: ProcessObservation) => ReturnType<typeof decisions.decide>;

/** A process monitor's decisions and the recorder that records them on disk. */
export class RecordedProgram {
  readonly clock = new VirtualClock();
  readonly log = new KeptLog();
  readonly conditions = new Conditions(this.clock);
  readonly statePath: string;
  readonly directory: string;
  readonly writer: SegmentWriter;
  readonly recorder: FlightRecorder;
  state: ProcessState = initialState;
  readonly #bootId: string;

  constructor(
    context: TestContext,
    { limitBytes = 1_000_000, bootId = "boot-1", files = {} as Partial<RecordingFiles> } = {},
  ) {
    this.#bootId = bootId;
    this.statePath = stateDirectory(context);
    this.directory = recordingDirectory(this.statePath, "processmonitor");
    const { beginRecordingSegment, appendRecordingBlock, pruneRecording } = recordingOperations;
    this.writer = new SegmentWriter({
      files: {
        begin: async (othersBytes, unfinished) => beginRecordingSegment(this.directory, othersBytes, unfinished),
        append: async (segment, lines) => appendRecordingBlock(this.directory, segment, lines),
        prune: async (segment, othersBytes) => pruneRecording(this.directory, segment, othersBytes),
        ...files,
      },
      limitBytes,
      conditions: this.conditions,
      log: this.log,
      program: "processmonitor",
    });
    const lost = new LostRecords({ conditions: this.conditions, clock: this.clock, log: this.log });
    this.recorder = new FlightRecorder({
      writer: this.writer,
      lost,
      clock: this.clock,
      version: "1.2.3",
      bootId,
    });
    this.recorder.started({ name: "processmonitor", ...decisions }, this.state);
  }

  /** The program starts with these entries in its list. */
  start(...entries: Parameters<typeof entryNamed>[]): void {
    const list = entries.map((given) => entryNamed(...given));
    const common = { bootedAt: -1e9, systemd: false, pauses: [], bootId: this.#bootId };
    this.observe({ kind: "started", at: this.clock.now(), settings: plainSettings, entries: list, ...common });
  }

  observe(observation: ProcessObservation): readonly (ProcessEffect | { readonly kind: string })[] {
    const before = this.state;
    const { state, effects } = (decisions.decide as Decide)(before, observation);
    this.state = state;
    const changed = state.entries.changedSince(before.entries);
    const touched = [...changed].map((key) => {
      const entry = state.entries.get(key);
      return [key, entry && decisions.subjects.each(entry, key)] as const;
    });
    this.recorder.decided([{ observation, effects, touched }], state);
    return effects;
  }

  /** One look at the process table. @param pid undefined: it is down */
  seen(key: string, pid: number | undefined): void {
    const whole = pid === undefined ? undefined : { pid, startTime: 1 };
    this.observe({ kind: "seen", at: this.clock.now(), sightings: [{ key, ...(whole && { whole }) }] });
  }

  /** What became of `problem` of its condition. */
  get problem(): string | undefined {
    return this.conditions.all.get("flight recorder")?.problem;
  }
}
