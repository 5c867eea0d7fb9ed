import { existsSync, statSync } from "node:fs";
import { recordingDirectory, segmentsIn } from "../../monitor/recording/segment-files.ts";

/** Which recordings are read, if the command line names none. */
export interface RecordingPlaces {
  /** `[DEFAULT] state_path` */
  readonly statePath: string;
  /** Where the monitors may keep their state if they cannot have that. */
  readonly otherPlaces: readonly string[];
  readonly programs: readonly string[];
}

/** The segments of this host's recordings: of each program, the oldest first. @throws the system's error */
export function recordingsOf({ statePath, otherPlaces, programs }: RecordingPlaces): readonly string[] {
  return programs.flatMap((program) =>
    [...otherPlaces, statePath].flatMap((place) => {
      const directory = recordingDirectory(place, program);
      return existsSync(directory) ? segmentsIn(directory) : [];
    }),
  );
}

/** The segments of a recording: a file, or a directory of files. @throws the system's error */
export function segmentsAt(path: string): readonly string[] {
  return statSync(path).isDirectory() ? segmentsIn(path) : [path];
}
