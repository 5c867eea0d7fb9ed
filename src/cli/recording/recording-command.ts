import { closeSync, constants, openSync, rmSync, writeSync } from "node:fs";
import type { Command } from "commander";
import { blockOf } from "../../monitor/recording/block.ts";
import { encode } from "../../monitor/recording/encode.ts";
import { type ReadLine, readRecording } from "../../monitor/recording/read.ts";
import type { RecordingLine } from "../../monitor/recording/record.ts";
import { messageOf } from "../../system/message-of.ts";
import { countOf } from "../../system/plural.ts";
import { parseDuration } from "../duration.ts";
import { Anonymiser } from "./anonymise.ts";
import { Names } from "./names.ts";
import { segmentsAt, someRecordingsOf } from "./paths.ts";
import { replayFile } from "./replay-file.ts";

export interface RecordingCommandParts {
  /** Read when the command runs. */
  readonly statePath: () => string;
  readonly otherPlaces: (statePath: string) => readonly string[];
  readonly out: { write(text: string): unknown };
  /** ms since the epoch. */
  readonly now: () => number;
  readonly exit: (code: number) => void;
}

interface RecordingOptions {
  readonly since?: string;
  readonly anonymise?: boolean;
  readonly from?: string;
}

const HELP = `
Writes what this host's monitors have recorded into one file, to be attached to a bug report or to be replayed elsewhere. It has no password, token or
argument of a command, but the names of hosts, guests and processes, UUIDs and addresses. With --anonymise each is replaced, the same by
the same everywhere; then the file is replayed, to show that it still leads to the same decisions.

  masakari-monitors recording bug.rec --since 2h --anonymise

Exit status: 0, or 2 if it cannot be written. With --anonymise 1 if a decision differs from what was recorded.`;

/** Characters of one block. */
const BLOCK = 256_000;

/** Adds `recording`. @returns the command, for further options */
export function registerRecordingCommand(program: Command, parts: RecordingCommandParts): Command {
  return program
    .command("recording")
    .description("write what this host's monitors have recorded into a file, for a bug report")
    .argument("<FILE>", "the file to be created")
    .option("--since <DURATION>", "how far back at least: 90m, 12h, 2d; all there is if absent")
    .option("--anonymise", "replace names, UUIDs and addresses")
    .option("--from <FILE>", "another recording, in place of this host's")
    .addHelpText("after", HELP)
    .action(async (file: string, options: RecordingOptions) => {
      await write(parts, file, options);
    });
}

async function write(parts: RecordingCommandParts, file: string, options: RecordingOptions): Promise<void> {
  const { since, anonymise = false, from } = options;
  parts.exit(2);
  const seconds = since === undefined ? undefined : parseDuration(since);
  if (since !== undefined && seconds === undefined) {
    throw new Error(`--since ${since} is no duration: give one such as 90m, 12h or 2d`);
  }
  const earliest = seconds === undefined ? Number.NEGATIVE_INFINITY : parts.now() - seconds * 1000;
  const paths = from === undefined ? ownRecordings(parts) : segmentsAt(from);
  const segments = segmentsSince(paths, earliest);
  const anonymiser = anonymise ? new Anonymiser(namesIn(paths, segments).replacements()) : undefined;
  const count = writeLines(file, chosen(paths, segments), anonymiser);
  if (anonymiser === undefined) {
    parts.out.write(`${file}: ${countOf(count, "record")}\n`);
    parts.exit(0);
    return;
  }
  const replayed = await replayFile(file, []);
  const differing = replayed.filter(({ difference }) => difference !== undefined).map(({ program }) => program);
  const outcome = differing.length > 0 ? "" : "; replayed: it leads to the same decisions";
  parts.out.write(`${file}: ${countOf(count, "record")}, anonymised${outcome}\n`);
  if (differing.length > 0) {
    parts.out.write(
      `${differing.join(", ")}: decisions on it differ from what was recorded; \`masakari-monitors replay ${file}\` shows where\n`,
    );
  }
  parts.exit(differing.length > 0 ? 1 : 0);
}

function ownRecordings({ statePath, otherPlaces }: RecordingCommandParts): readonly string[] {
  const path = statePath();
  return someRecordingsOf({ statePath: path, otherPlaces: otherPlaces(path) });
}

/** The numbers, from 0 on, of the segments that have something since then: of each program also the one under way at that time. */
function segmentsSince(paths: readonly string[], earliest: number): ReadonlySet<number> {
  const segments: { readonly program: string; readonly from: number }[] = [];
  for (const { line } of readRecording(paths)) {
    if (line.kind === "segment") segments.push({ program: line.program, from: line.at.wall });
  }
  const endsBefore = ({ program }: { readonly program: string }, index: number): boolean => {
    const next = segments.slice(index + 1).find((other) => other.program === program);
    return next !== undefined && next.from < earliest;
  };
  return new Set(segments.flatMap((segment, index) => (endsBefore(segment, index) ? [] : index)));
}

function* chosen(
  paths: readonly string[],
  segments: ReadonlySet<number>,
): Generator<ReadLine & { readonly program: string }> {
  let index = -1;
  let program = "";
  for (const one of readRecording(paths)) {
    if (one.line.kind === "segment") {
      index += 1;
      program = one.line.program;
    }
    if (segments.has(index)) yield { ...one, program };
  }
}

function namesIn(paths: readonly string[], segments: ReadonlySet<number>): Names {
  const names = new Names();
  for (const { line, program } of chosen(paths, segments)) names.add(line, program);
  return names;
}

/** @throws Error with the reason, also if the file exists */
function created(file: string): number {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
  try {
    return openSync(file, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") throw new Error(`${file} exists already; give another name, or remove it`, { cause });
    if (code === "ENOENT") throw new Error(`${file} cannot be created: there is no such directory`, { cause });
    throw new Error(`${file} cannot be created: ${messageOf(cause)}`, { cause });
  }
}

/** @returns how many. @throws Error with the reason; then there is no file */
function writeLines(file: string, lines: Iterable<ReadLine>, anonymiser: Anonymiser | undefined): number {
  const fd = created(file);
  let count = 0;
  let block = "";
  const flush = (): void => {
    const bytes = blockOf(block);
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
    block = "";
  };
  try {
    for (const { line, text } of lines) {
      count += 1;
      block += `${anonymiser === undefined ? text : encode(anonymised(line, anonymiser))}\n`;
      if (block.length > BLOCK) flush();
    }
    if (block !== "") flush();
  } catch (error) {
    // A part of a recording is a recording too, and would pass for the whole.
    rmSync(file, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  return count;
}

/** Program and version of a segment are ours; its boot's id is in the journal of the host. */
function anonymised(line: RecordingLine, anonymiser: Anonymiser): unknown {
  return line.kind === "segment" ? { ...line, bootId: anonymiser.of(line.bootId) } : anonymiser.of(line);
}
