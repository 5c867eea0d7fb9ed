import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  rmdirSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { makePrivateDirectory } from "../../system/private-directory.ts";
import { makePrivateFile } from "../../system/private-file.ts";
import { blockOf } from "./block.ts";

/** A segment's file: `000042.rec`. */
const NAME = /^(\d{6,12})\.rec$/;
/** However small they are: a program that cannot start leaves one at each attempt. */
const MOST_SEGMENTS = 256;
/** What a recording leaves free on the disk: undelivered notifications come first. Bytes. */
const RESERVED = 16_000_000;
/** Where a program's recording is. */
export function recordingDirectory(statePath: string, program: string): string {
  return join(statePath, `${program}.recording`);
}

/** The paths of the segments of a recording, the oldest first. @throws the system's error */
export function segmentsIn(directory: string): readonly string[] {
  return numbersIn(directory).map((number) => pathOf(directory, number));
}

/** The operations on the files of a recording, for whichever thread runs them. Nothing is synced. */
export const recordingOperations = {
  /**
   * Deletes the oldest segments until the others have at most so many bytes, and creates the next one.
   * @param unfinished the newest one, if it is to be begun anew @returns its number
   */
  beginRecordingSegment(directory: string, othersBytes: number, unfinished?: number): number {
    makePrivateDirectory(directory);
    requireRoom(directory);
    const numbers = numbersIn(directory);
    const last = numbers.at(-1) ?? 0;
    if (last > 0 && last === unfinished) {
      const { O_WRONLY, O_TRUNC, O_NOFOLLOW } = constants;
      closeSync(openSync(pathOf(directory, last), O_WRONLY | O_TRUNC | O_NOFOLLOW));
    }
    // Nothing could be written to it: retries must not fill the recording with empty segments, for which full ones go.
    if (last > 0 && statSync(pathOf(directory, last)).size === 0) return last;
    deleteOldest(directory, numbers, othersBytes);
    const next = last + 1;
    makePrivateFile(pathOf(directory, next));
    return next;
  },

  /** The segment has become larger than was planned: deletes the oldest ones until the others have at most so many bytes. */
  pruneRecording(directory: string, segment: number, othersBytes: number): void {
    deleteOldest(
      directory,
      numbersIn(directory).filter((number) => number !== segment),
      othersBytes,
    );
  },

  /** Deletes a whole recording. @returns the bytes that it had; 0 if there was none */
  removeRecording(directory: string): number {
    // Of a symbolic link nothing is deleted: what it leads to is not this program's.
    if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) return 0;
    const paths = segmentsIn(directory);
    const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
    for (const path of paths) unlinkSync(path);
    if (readdirSync(directory).length === 0) rmdirSync(directory);
    return bytes;
  },

  /** @returns how many bytes the segment has then. If it throws, the segment is as before, or ends with a torn block. */
  appendRecordingBlock(directory: string, segment: number, lines: string): number {
    requireRoom(directory);
    const { O_WRONLY, O_APPEND, O_NOFOLLOW } = constants;
    const fd = openSync(pathOf(directory, segment), O_WRONLY | O_APPEND | O_NOFOLLOW);
    try {
      const before = fstatSync(fd).size;
      const block = blockOf(lines);
      try {
        for (let written = 0; written < block.length; ) written += writeSync(fd, block, written);
      } catch (error) {
        ftruncateSync(fd, before);
        throw error;
      }
      return before + block.length;
    } finally {
      closeSync(fd);
    }
  },
};

function deleteOldest(directory: string, numbers: readonly number[], keptBytes: number): void {
  const sizes = numbers.map((number) => statSync(pathOf(directory, number)).size);
  let bytes = sizes.reduce((sum, size) => sum + size, 0);
  for (const [index, number] of numbers.entries()) {
    if (bytes <= keptBytes && numbers.length - index < MOST_SEGMENTS) return;
    unlinkSync(pathOf(directory, number));
    bytes -= sizes[index] ?? 0;
  }
}

function requireRoom(directory: string): void {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < RESERVED)
    throw new Error(`less than ${RESERVED / 1_000_000} MB is free on the disk of ${directory}`);
}

function numbersIn(directory: string): readonly number[] {
  const numbers = readdirSync(directory).flatMap((name) => NAME.exec(name)?.[1] ?? []);
  return numbers.map(Number).sort((one, other) => one - other);
}

function pathOf(directory: string, segment: number): string {
  return join(directory, `${String(segment).padStart(6, "0")}.rec`);
}
