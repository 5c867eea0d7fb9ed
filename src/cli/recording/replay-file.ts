import { readRecording } from "../../monitor/recording/read.ts";
import type { SegmentRecord } from "../../monitor/recording/record.ts";
import { type Difference, Replay } from "../../monitor/recording/replay.ts";
import { segmentsAt } from "./paths.ts";
import { replayables } from "./replayables.ts";
import type { OtherValue } from "./settings.ts";

/** How the replay of one program's recording went. */
export interface Replayed {
  readonly program: string;
  readonly replay: Replay;
  readonly versions: Set<string>;
  difference: Difference | undefined;
}

/**
 * Replays what a file, or a directory of files, has of each program, up to the first difference.
 * @throws RecordingError, the system's error, or an Error with what is wrong with another value
 */
export async function replayFile(path: string, others: readonly OtherValue[]): Promise<readonly Replayed[]> {
  const programs = new Map<string, Replayed>();
  const applied = new Set<OtherValue>();
  let current: Replayed | undefined;
  for (const { line } of readRecording(segmentsAt(path))) {
    if (line.kind === "segment") current = programs.get(line.program) ?? (await begin(line, others, applied));
    if (current === undefined) continue;
    programs.set(current.program, current);
    if (line.kind === "segment") current.versions.add(line.version);
    if (current.difference === undefined) current.difference = current.replay.take(line);
  }
  const unused = others.filter((other) => !applied.has(other));
  if (unused.length > 0) {
    throw new Error(`--set ${unused[0]?.text}: no decision in this recording depends on it`);
  }
  return [...programs.values()];
}

async function begin(
  { program }: SegmentRecord,
  others: readonly OtherValue[],
  applied: Set<OtherValue>,
): Promise<Replayed> {
  const monitor = Object.hasOwn(replayables, program) ? await replayables[program]?.() : undefined;
  if (monitor === undefined) throw new Error(`the recording is of ${program}, which is no monitor of this version`);
  const settings = (recorded: Readonly<Record<string, unknown>>) =>
    others.reduce((changed, other) => {
      const next = other.apply(changed, program);
      if (next !== undefined) applied.add(other);
      return next ?? changed;
    }, recorded);
  const replay = new Replay(monitor, others.length > 0 ? { settings } : {});
  return { program, replay, versions: new Set(), difference: undefined };
}
