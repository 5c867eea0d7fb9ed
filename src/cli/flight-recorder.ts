import type { Config } from "../config/sections.ts";
import { LostRecords } from "../monitor/recording/lost-records.ts";
import { FlightRecorder } from "../monitor/recording/recorder.ts";
import { recordingDirectory } from "../monitor/recording/segment-files.ts";
import { SegmentWriter } from "../monitor/recording/segment-writer.ts";
import type { Conditions } from "../status/conditions.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { messageOf } from "../system/message-of.ts";
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

/** Records a program's monitor in `state_path`; undefined if it is not to be recorded, and then what was recorded before is removed. */
export function flightRecorder(
  program: string,
  config: Config,
  parts: FlightRecorderParts,
): FlightRecorder | undefined {
  const { statePath, disk, bootId, clock, conditions, log } = parts;
  const { recording_size: megabytes } = config.DEFAULT;
  const directory = recordingDirectory(statePath, program);
  if (megabytes === 0) {
    void removeEarlier(directory, { disk, log });
    return undefined;
  }
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

/** As a smaller `recording_size` deletes what is too much, 0 deletes all. Never rejects. */
async function removeEarlier(directory: string, { disk, log }: Pick<FlightRecorderParts, "disk" | "log">) {
  const why = "[DEFAULT] recording_size = 0";
  try {
    const bytes = await disk.callLater("removeRecording", directory);
    if (bytes > 0) log.info(`${why}: removed what was recorded before, ${bytes} bytes in ${directory}`);
  } catch (error) {
    log.warning(`${why}, and what was recorded before cannot be removed: ${messageOf(error)}`);
  }
}
