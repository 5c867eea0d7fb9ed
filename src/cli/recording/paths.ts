import { accessSync, constants, existsSync, statSync } from "node:fs";
import { recordingDirectory, segmentsIn } from "../../monitor/recording/segment-files.ts";
import { messageOf } from "../../system/message-of.ts";
import { replayables } from "./replayables.ts";

/** Which recordings are read, if the command line names none. */
export interface RecordingPlaces {
  /** `[DEFAULT] state_path` */
  readonly statePath: string;
  /** Where the monitors may keep their state if they cannot have that. */
  readonly otherPlaces: readonly string[];
}

/** The segments of this host's recordings: of each program, the oldest first. @throws the system's error */
export function recordingsOf({ statePath, otherPlaces }: RecordingPlaces): readonly string[] {
  return Object.keys(replayables).flatMap((program) =>
    [...otherPlaces, statePath].flatMap((place) => {
      const directory = recordingDirectory(place, program);
      return existsSync(directory) ? segmentsIn(directory) : [];
    }),
  );
}

/** As `recordingsOf`. @throws Error with the reason if there are none, or the system's error */
export function someRecordingsOf(places: RecordingPlaces): readonly string[] {
  const paths = recordingsOf(places);
  if (paths.length > 0) return paths;
  const named = `${places.statePath} ([DEFAULT] state_path`;
  try {
    if (existsSync(places.statePath)) accessSync(places.statePath, constants.R_OK | constants.X_OK);
  } catch (cause) {
    throw new Error(`${named}) cannot be read; run this as root or as the monitors' user: ${messageOf(cause)}`, {
      cause,
    });
  }
  throw new Error(`no monitor has recorded anything in ${named}, recording_size)`);
}

/** The segments of a recording: a file, or a directory of files. @throws Error with the reason if there are none */
export function segmentsAt(path: string): readonly string[] {
  let segments: readonly string[];
  try {
    segments = statSync(path).isDirectory() ? segmentsIn(path) : [path];
    for (const segment of segments) accessSync(segment, constants.R_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new Error(`${path} does not exist`, { cause });
    throw new Error(`${path} cannot be read; run this as root or as the monitors' user: ${messageOf(cause)}`, {
      cause,
    });
  }
  if (segments.length > 0) return segments;
  throw new Error(
    `${path} has no recording in it: give the directory PROGRAM.recording, or a file of \`masakari-monitors recording\``,
  );
}
