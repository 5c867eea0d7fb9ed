import type { Config } from "../config/sections.ts";
import { LostRecords } from "../monitor/recording/lost-records.ts";
import { FlightRecorder } from "../monitor/recording/recorder.ts";
import { recordingDirectory } from "../monitor/recording/segment-files.ts";
import { SegmentWriter } from "../monitor/recording/segment-writer.ts";
import type { Conditions } from "../status/conditions.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import type { Disk } from "./disk.ts";
import { packageVersion } from "./version.ts";

interface FlightRecorderParts {
  readonly statePath: string;
  readonly disk: Disk;
  readonly bootId: string;
  readonly clock: Clock;
  readonly conditions: Conditions;
  readonly log: Logger;
}

const MB = 1_000_000;

/** Records a program's monitor in `state_path`; undefined if it is not to be recorded. */
export function flightRecorder(
  program: string,
  config: Config,
  parts: FlightRecorderParts,
): FlightRecorder | undefined {
  const { statePath, disk, bootId, clock, conditions, log } = parts;
  const { recording_size: megabytes } = config.DEFAULT;
  if (megabytes === 0) return undefined;
  const directory = recordingDirectory(statePath, program);
  const files = {
    begin: (othersBytes: number, unfinished: number | undefined) =>
      disk.callLater("beginRecordingSegment", directory, othersBytes, unfinished),
    append: (segment: number, lines: string) => disk.callLater("appendRecordingBlock", directory, segment, lines),
    prune: (segment: number, othersBytes: number) => disk.callLater("pruneRecording", directory, segment, othersBytes),
  };
  const writer = new SegmentWriter({ files, limitBytes: megabytes * MB, conditions, log, program });
  const lost = new LostRecords({ conditions, clock, log });
  return new FlightRecorder({ writer, lost, clock, version: packageVersion(), bootId });
}
