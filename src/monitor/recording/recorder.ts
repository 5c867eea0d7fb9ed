import type { Entry } from "../../notify/entry.ts";
import type { Clock, Instant, Timer } from "../../system/clock.ts";
import { messageOf } from "../../system/message-of.ts";
import type { Monitor } from "../contract.ts";
import type { Step } from "../decide-queued.ts";
import { encode } from "./encode.ts";
import { LineEncoder } from "./line-encoder.ts";
import type { LostRecords } from "./lost-records.ts";
import { Phases } from "./phases.ts";
import { FORMAT, LONGEST_RECORD, type LostRecord, type SegmentRecord } from "./record.ts";
import type { SegmentWriter } from "./segment-writer.ts";
import { stateLines } from "./state-lines.ts";

/** What of a monitor is needed to record it. */
export type Recorded<State> = Pick<Monitor<State, never, never>, "name" | "subjects" | "redact">;

/** Records what a monitor observes and decides. No call waits for the disk, or throws. */
export interface Recorder {
  /** Once, before anything is decided. */
  started<State>(monitor: Recorded<State>, state: State): void;
  /** @param state after them */
  decided(steps: readonly Step<unknown, unknown>[], state: unknown): void;
  /** The observation was ignored, and the state stayed as it was. */
  failed(observation: unknown, error: string): void;
}

export interface FlightRecorderParts {
  readonly writer: Pick<SegmentWriter, "problem" | "isFull" | "begin" | "write" | "settled">;
  readonly lost: LostRecords;
  readonly clock: Clock;
  readonly version: string;
  readonly bootId: string;
}

const WRITE_EVERY_MS = 1000;
/** After nothing could be written, whether there is something to write or not: `status` shows that the disk takes it again. */
const RETRY_EVERY_MS = 5000;
/** What is recorded waits as it is, at no cost for the decision, until it is written; beyond so much it is encoded at once. */
const MOST_QUEUED = 1000;
/** Characters of one block. */
const BLOCK = 64_000;
/** Why a record is lost. Characters. */
const LONGEST_REASON = 500;

type Line = (lines: LineEncoder) => string;

/** Records into segments, each of which begins with the whole state, so that it can be replayed without those before it. */
export class FlightRecorder implements Recorder {
  readonly #parts: FlightRecorderParts;
  #lines: LineEncoder | undefined;
  #stateLines: (state: unknown) => Iterable<string> = () => [];
  #program = "";
  #state: unknown;
  #queued: Line[] = [];
  #text = "";
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(parts: FlightRecorderParts) {
    this.#parts = parts;
  }

  started<State>({ name, subjects, redact }: Recorded<State>, state: State): void {
    this.#program = name;
    this.#state = state;
    this.#stateLines = (state) => stateLines(state, redact);
    this.#lines = new LineEncoder(redact, Phases.of(subjects, state));
    this.#begin("start");
    void this.#retryLater();
  }

  decided(steps: readonly Step<unknown, unknown>[], state: unknown): void {
    this.#state = state;
    for (const step of steps) this.#queue((lines) => lines.decided(step));
  }

  failed(observation: unknown, error: string): void {
    this.#queue((lines) => lines.failed(observation, error));
  }

  /** A notification in the outbox has changed, or is new. */
  entry(entry: Entry, at: Instant): void {
    this.#queue((lines) => lines.entry(entry, at));
  }

  /** Writes what waits; resolves when that is done, or has failed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#encodeAll();
    this.#flush();
    await this.#parts.writer.settled();
  }

  #queue(line: Line): void {
    if (this.#isClosed || this.#lines === undefined) return;
    this.#queued.push(line);
    this.#writeLater();
    if (this.#queued.length > MOST_QUEUED) this.#encodeAll();
  }

  #writeLater(): void {
    const { writer, clock } = this.#parts;
    const waitMs = writer.problem === undefined ? WRITE_EVERY_MS : RETRY_EVERY_MS;
    this.#timer ??= clock.setTimer(waitMs, () => this.#write());
  }

  #write(): void {
    this.#timer = undefined;
    this.#encodeAll();
    this.#flush();
    const { writer } = this.#parts;
    if (writer.problem !== undefined || this.#parts.lost.isResumptionDue) this.#begin("gap");
    else if (writer.isFull) this.#begin("next");
    void this.#retryLater();
  }

  async #retryLater(): Promise<void> {
    const { writer, lost } = this.#parts;
    await writer.settled();
    if ((writer.problem !== undefined || lost.isAwaited) && !this.#isClosed) this.#writeLater();
  }

  /** While nothing can be written, only what is to be known of subjects later is kept up. */
  #encodeAll(): void {
    const queued = this.#queued;
    this.#queued = [];
    if (this.#lines === undefined) return;
    for (const line of queued) {
      this.#text += `${this.#encoded(line, this.#lines)}\n`;
      if (this.#text.length > BLOCK) this.#flush();
    }
  }

  /** What cannot be encoded must not end the program that is recorded: a line stands in for it, after which nothing is replayed. */
  #encoded(line: Line, lines: LineEncoder): string {
    try {
      const text = line(lines);
      if (text.length <= LONGEST_RECORD) return text;
      throw new RangeError(`a record of ${text.length} characters is too long; ${LONGEST_RECORD} are recorded at most`);
    } catch (error) {
      // It may have taken in half of the observation as the latest of its kind.
      lines.beginSegment();
      const reason = messageOf(error).slice(0, LONGEST_REASON).replaceAll(/\s+/g, " ");
      this.#parts.lost.add(this.#program, reason);
      const record: LostRecord = { kind: "lost", at: this.#parts.clock.now(), error: reason };
      return JSON.stringify(record);
    }
  }

  #flush(): void {
    if (this.#text !== "") this.#parts.writer.write(this.#text);
    this.#text = "";
  }

  /** To be called when everything before is encoded: the state is that after it. */
  #begin(begins: SegmentRecord["begins"]): void {
    const { writer, clock, version, bootId } = this.#parts;
    this.#lines?.beginSegment();
    if (begins !== "next") this.#parts.lost.resumed(this.#program);
    const head: SegmentRecord = {
      ...{ kind: "segment", format: FORMAT, program: this.#program, version, bootId },
      ...{ at: clock.now(), begins },
    };
    writer.begin(blocksOf(`${encode(head)}\n`, this.#stateLines(this.#state)));
  }
}

/** Made as they are written: the state of many guests is large. */
function* blocksOf(head: string, lines: Iterable<string>): Generator<string> {
  let block = head;
  for (const line of lines) {
    if (block.length + line.length > BLOCK) {
      yield block;
      block = "";
    }
    block += `${line}\n`;
  }
  yield block;
}
