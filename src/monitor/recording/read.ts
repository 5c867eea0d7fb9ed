import { readFileSync } from "node:fs";
import { crc32, inflateRawSync } from "node:zlib";
import { BLOCK_HEAD } from "./block.ts";
import { decode } from "./encode.ts";
import { FORMAT, type RecordingLine } from "./record.ts";

/** A file is not a recording, or not one that this release reads. */
export class RecordingError extends Error {
  readonly code = "RECORDING_UNREADABLE";
  override readonly name = "RecordingError";
}

/** What one block may become, bytes; a recorder writes a tenth of it. */
const LARGEST_BLOCK = 32_000_000;
const LONGEST_LINE = 16_000_000;
const KINDS: ReadonlySet<unknown> = new Set([
  "segment",
  "state",
  "rows",
  "decided",
  "repeated",
  "failed",
  "entry",
  "lost",
] satisfies RecordingLine["kind"][]);

/** What was read of a recording. */
export interface ReadLine {
  readonly line: RecordingLine;
  /** As it stands in the file. */
  readonly text: string;
}

/**
 * The lines of files of a recording, in their order. A file may end with a block that is torn: the program or the host died while it was
 * written.
 * @throws RecordingError, or the system's error
 */
export function* readRecording(paths: readonly string[]): Generator<ReadLine> {
  let isEmpty = true;
  for (const path of paths) {
    let isFirst = true;
    for (const text of textLines(path)) {
      const line = lineOf(path, text);
      if (isFirst && line.kind !== "segment") throw new RecordingError(`${path} is not a recording`);
      isFirst = false;
      isEmpty = false;
      yield { line, text };
    }
  }
  if (isEmpty) throw new RecordingError(`${paths.join(", ")}: no recording`);
}

function* textLines(path: string): Generator<string> {
  const contents = contentsOf(path);
  for (let offset = 0; offset + BLOCK_HEAD <= contents.length; ) {
    const end = offset + BLOCK_HEAD + contents.readUInt32BE(offset);
    const compressed = contents.subarray(offset + BLOCK_HEAD, end);
    // After a power failure a file may end with zeros, of which the CRC-32 is right.
    const isWhole =
      compressed.length > 0 && end <= contents.length && crc32(compressed) === contents.readUInt32BE(offset + 4);
    if (!isWhole) return;
    yield* inflated(path, compressed)
      .split("\n")
      .filter((line) => line !== "");
    offset = end;
  }
}

/** The recorder may delete its oldest segment between the listing of the directory and this. */
function contentsOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

function inflated(path: string, compressed: Uint8Array): string {
  try {
    return inflateRawSync(compressed, { maxOutputLength: LARGEST_BLOCK }).toString();
  } catch (error) {
    throw new RecordingError(`${path} is not a recording`, { cause: error });
  }
}

function lineOf(path: string, text: string): RecordingLine {
  const line = parsed(text.slice(0, LONGEST_LINE)) as RecordingLine | undefined;
  if (typeof line !== "object" || line === null || !KINDS.has(line.kind)) {
    throw new RecordingError(`${path} has a record that is unreadable: ${text.slice(0, 80)}`);
  }
  if (line.kind === "segment" && line.format !== FORMAT) {
    throw new RecordingError(`${path} has format ${String(line.format)}; this release reads ${FORMAT}`);
  }
  return line;
}

function parsed(text: string): unknown {
  try {
    return decode(text);
  } catch {
    return undefined;
  }
}
