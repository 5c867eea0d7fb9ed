import { decode } from "../../../src/monitor/recording/encode.ts";
import { LostRecords } from "../../../src/monitor/recording/lost-records.ts";
import type { RecordingLine } from "../../../src/monitor/recording/record.ts";
import { FlightRecorder, type Recorder } from "../../../src/monitor/recording/recorder.ts";
import { Replay, type Replayable } from "../../../src/monitor/recording/replay.ts";
import type { SegmentWriter } from "../../../src/monitor/recording/segment-writer.ts";
import { Conditions } from "../../../src/status/conditions.ts";
import type { Clock } from "../../../src/system/clock.ts";
import { silentLog } from "../../../src/system/silent-log.ts";

/** Characters of a segment: so a schedule has several. */
const SEGMENT = 60_000;

/** @returns how many decisions they have. @throws if one is another now */
export function checkLines(lines: readonly RecordingLine[], monitor: Replayable): number {
  const replay = new Replay(monitor);
  for (const line of lines) {
    if (line.kind === "lost") throw new Error(`a record was lost: ${line.error}`);
    const difference = replay.take(line);
    if (difference !== undefined) throw new Error(`replayed differently: ${JSON.stringify(difference)}`);
  }
  return replay.counts.decisions;
}

/** What the programs of a simulated host record, over all their runs, in memory. */
export class MemoryRecording {
  segments = 0;
  readonly #texts: string[] = [];
  #length = 0;

  /** For one run of a program. */
  recorder(clock: Clock, bootId: string): Recorder {
    const lost = new LostRecords({ conditions: new Conditions(clock), clock, log: silentLog });
    return new FlightRecorder({ writer: this.#writer(), lost, clock, version: "1", bootId });
  }

  get lines(): readonly RecordingLine[] {
    const texts = this.#texts.flatMap((block) => block.split("\n").filter((text) => text !== ""));
    return texts.map((text) => decode(text) as RecordingLine);
  }

  /** Replays it, and its later half as if the older segments were deleted. @returns how many decisions. @throws if one is another now */
  check(monitor: Replayable): number {
    const { lines } = this;
    const begins = lines.flatMap(({ kind }, index) => (kind === "segment" ? index : []));
    const later = lines.slice(begins[Math.floor(begins.length / 2)]);
    checkLines(later, monitor);
    return checkLines(lines, monitor);
  }

  #writer(): Pick<SegmentWriter, "problem" | "isFull" | "begin" | "write" | "settled"> {
    const self = this;
    return {
      problem: undefined,
      get isFull() {
        return self.#length > SEGMENT;
      },
      begin: (blocks) => {
        this.segments += 1;
        this.#length = 0;
        this.#texts.push(...blocks);
      },
      write: (text) => {
        this.#length += text.length;
        this.#texts.push(text);
      },
      settled: async () => undefined,
    };
  }
}
