import type { ConditionKind, Conditions } from "../../status/conditions.ts";
import type { Logger } from "../../system/log.ts";
import { messageOf } from "../../system/message-of.ts";

const RECORDER: ConditionKind = {
  name: "flight recorder",
  consequence: "what this monitor observes and decides is not recorded; explain and replay will lack it",
};

/** The files of one program's recording. */
export interface RecordingFiles {
  /**
   * Deletes the oldest segments until all others have at most so many bytes, and creates the next one.
   * @param unfinished the newest one, if it lacks a part of its state: it is begun anew @returns its number
   */
  begin(othersBytes: number, unfinished: number | undefined): Promise<number>;
  /** Compresses lines. @returns how many bytes the segment has with them */
  append(segment: number, lines: string): Promise<number>;
  /** Deletes the oldest segments until all but this one have at most so many bytes. */
  prune(segment: number, othersBytes: number): Promise<void>;
}

export interface SegmentWriterParts {
  readonly files: RecordingFiles;
  /** Of all segments together. */
  readonly limitBytes: number;
  readonly conditions: Conditions;
  readonly log: Logger;
  readonly program: string;
}

/** A part of the limit that one segment has: an eighth of the recording is deleted at a time. */
const SEGMENTS = 8;
/** A segment has at least so many times the size of the state that it begins with. */
const STATES_PER_SEGMENT = 4;
/** Characters that wait for the disk at most, unless one record has more. */
const MOST_WAITING = 4_000_000;

/** Lines to be written; `beginning`: the blocks with which another segment begins, made one after the other as they are written. */
type Waiting = { readonly text: string } | { readonly beginning: Iterable<string> };

/** Has blocks of lines written, one after the other. Never throws: what cannot be written is dropped, and counted. */
export class SegmentWriter {
  readonly #parts: SegmentWriterParts;
  #waiting: Waiting[] = [];
  #waitingLength = 0;
  #writing: Promise<void> | undefined;
  #segment = 0;
  /** A segment that does not have its whole state: retries must not fill the recording with those. */
  #unfinished: number | undefined;
  #bytes = 0;
  #stateBytes = 0;
  #dropped = 0;
  #problem: string | undefined;
  /** That it is suspended is in the log. */
  #isSuspended = false;
  /** A segment begins in what waits. */
  #isBeginning = false;

  constructor(parts: SegmentWriterParts) {
    this.#parts = parts;
  }

  /** Why nothing is written just now. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The segment is large enough: the next one should begin. */
  get isFull(): boolean {
    // A state that is larger than a segment would begin another one each second.
    const least = this.#parts.limitBytes / SEGMENTS;
    return !this.#isBeginning && this.#bytes >= this.#segmentBytes && this.#bytes - this.#stateBytes >= least;
  }

  /** Begins another segment. @param blocks the lines that it begins with */
  begin(blocks: Iterable<string>): void {
    this.#problem = undefined;
    this.#isBeginning = true;
    this.#add({ beginning: blocks });
  }

  /** Adds a block of lines to the segment. */
  write(text: string): void {
    if (this.#problem !== undefined) this.#dropped += linesIn(text);
    else if (this.#waitingLength > 0 && this.#waitingLength + text.length > MOST_WAITING)
      this.#fail("the disk takes it too slowly");
    else {
      this.#waitingLength += text.length;
      this.#add({ text });
    }
  }

  /** Resolves when nothing waits to be written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  get #segmentBytes(): number {
    const { limitBytes } = this.#parts;
    return Math.max(limitBytes / SEGMENTS, Math.min(limitBytes / 2, this.#stateBytes * STATES_PER_SEGMENT));
  }

  #add(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    for (let waiting = this.#waiting.shift(); waiting !== undefined; waiting = this.#waiting.shift()) {
      this.#waitingLength -= lengthOf(waiting);
      try {
        if ("text" in waiting) await this.#append(waiting.text);
        else await this.#begin(waiting.beginning);
      } catch (error) {
        this.#dropped += countOf(waiting);
        if ("text" in waiting && isGone(error)) this.#drop(messageOf(error));
        else this.#fail(messageOf(error));
      }
    }
  }

  async #begin(blocks: Iterable<string>): Promise<void> {
    const { files, limitBytes } = this.#parts;
    this.#segment = await files.begin(limitBytes - this.#segmentBytes, this.#unfinished);
    this.#unfinished = this.#segment;
    this.#stateBytes = 0;
    for (const text of blocks) await this.#append(text);
    this.#unfinished = undefined;
    this.#stateBytes = this.#bytes;
    this.#isBeginning = false;
  }

  async #append(text: string): Promise<void> {
    const { files, limitBytes, conditions, log, program } = this.#parts;
    const bytes = await files.append(this.#segment, text);
    this.#bytes = bytes;
    if (bytes > this.#segmentBytes) await files.prune(this.#segment, limitBytes - bytes);
    if (this.#dropped > 0 || this.#isSuspended)
      log.info(`${program}: recording continues; records dropped: ${this.#dropped}`);
    this.#isSuspended = false;
    this.#dropped = 0;
    conditions.set(RECORDER, undefined);
  }

  #fail(problem: string): void {
    const { conditions, log, program } = this.#parts;
    if (!this.#isSuspended) log.warning(`${program}: recording is suspended: ${problem}; retrying`);
    this.#isSuspended = true;
    this.#drop(problem);
    conditions.set(RECORDER, `${problem} (${this.#dropped} records dropped)`);
  }

  /** Until another segment begins. */
  #drop(problem: string): void {
    this.#isBeginning = false;
    this.#problem = problem;
    for (const waiting of this.#waiting) this.#dropped += countOf(waiting);
    this.#waiting = [];
    this.#waitingLength = 0;
  }
}

/** Somebody has deleted the segment, or the whole state directory, which the outbox logs: another segment can begin. */
const isGone = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

const lengthOf = (waiting: Waiting): number => ("text" in waiting ? waiting.text.length : 0);
/** Of the records; a state is written again. */
const countOf = (waiting: Waiting): number => ("text" in waiting ? linesIn(waiting.text) : 0);

function linesIn(text: string): number {
  return text.split("\n").length - 1;
}
