import { isDeepStrictEqual } from "node:util";
import type { Instant } from "../../system/clock.ts";
import { messageOf } from "../../system/message-of.ts";
import type { CommonEffect, Monitor, OwnEffect } from "../contract.ts";
import { decode, encode } from "./encode.ts";
import { Phases, touchedBetween } from "./phases.ts";
import type { DecidedRecord, PhaseChange, RecordingLine, SegmentRecord } from "./record.ts";
import { withRows } from "./state-lines.ts";

/** What of a monitor is needed to replay a recording of it. */
export type Replayable = Pick<Monitor<unknown, unknown, OwnEffect>, "decide" | "subjects" | "redact">;

export interface ReplayOptions {
  /** Other settings in place of those that were in force. */
  readonly settings?: (recorded: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
}

/** What was decided on an observation. `error`: it could not be. */
export interface Outcome {
  readonly effects: readonly (CommonEffect | OwnEffect)[];
  readonly phases: readonly PhaseChange[];
  readonly error?: string;
}

/** The first decision that is another than when it was recorded. */
export interface Difference {
  readonly observation: unknown;
  readonly then: Outcome;
  readonly now: Outcome;
}

export interface ReplayCounts {
  readonly decisions: number;
  /** Places at which records are missing; decisions go on from the state after them. */
  readonly gaps: number;
  readonly from: Instant | undefined;
}

/** Decides anew on what a recording of one program has observed, and compares. */
export class Replay {
  readonly #monitor: Replayable;
  readonly #options: ReplayOptions;
  #state: unknown;
  #phases: Phases | undefined;
  /** The state is being read, since decisions cannot go on from the one before. */
  #isReadingState = true;
  /** A record is missing, and no segment has begun since. */
  #isLost = false;
  readonly #latest = new Map<string, object>();
  #decisions = 0;
  #gaps = 0;
  #from: Instant | undefined;

  constructor(monitor: Replayable, options: ReplayOptions = {}) {
    this.#monitor = monitor;
    this.#options = options;
  }

  get counts(): ReplayCounts {
    return { decisions: this.#decisions, gaps: this.#gaps, from: this.#from };
  }

  /**
   * Takes the next line. @returns how the decision on it differs, if it does: what follows is decided on the state that it led to
   * @throws SyntaxError if the line does not follow from those before it
   */
  take(line: RecordingLine): Difference | undefined {
    switch (line.kind) {
      case "segment":
        this.#beginSegment(line);
        return undefined;
      case "state":
        if (this.#isReadingState) this.#state = this.#withSettings(line.state);
        return undefined;
      case "rows":
        if (this.#isReadingState) this.#state = withRows(this.#state, line.map, line.rows);
        return undefined;
      case "entry":
        return undefined;
      case "lost":
        this.#lost();
        return undefined;
      case "repeated":
        return this.#compare({ ...this.#latest.get(line.of), at: line.at }, line);
      case "failed":
        return this.#compare(line.observation, { effects: [], phases: [], error: line.error });
      case "decided":
        this.#remember(line);
        return this.#compare(line.observation, line);
    }
  }

  /** What was decided on something that is missing is not known: nothing can be compared until a state follows. */
  #lost(): void {
    if (!this.#isLost) this.#gaps += 1;
    this.#isLost = true;
    this.#phases = undefined;
  }

  #beginSegment({ begins, at }: SegmentRecord): void {
    this.#from ??= at;
    this.#latest.clear();
    // Its state is that which was decided last, unless something is missing, or another program begins.
    this.#isReadingState = begins !== "next" || this.#phases === undefined;
    if (begins === "gap" && !this.#isLost) this.#gaps += 1;
    this.#isLost = false;
    if (this.#isReadingState) this.#phases = undefined;
  }

  #remember({ observation }: DecidedRecord): void {
    const { kind } = (observation ?? {}) as { readonly kind?: unknown };
    if (typeof kind === "string") this.#latest.set(kind, observation as object);
  }

  #compare(recorded: unknown, { effects, phases, ...rest }: Outcome): Difference | undefined {
    if (this.#isLost) return undefined;
    const { subjects } = this.#monitor;
    this.#isReadingState = false;
    this.#phases ??= Phases.of(subjects, this.#state);
    this.#decisions += 1;
    const observation = this.#withSettings(recorded);
    const error = "error" in rest ? rest.error : undefined;
    const now = this.#decide(observation);
    const then: Outcome = { effects, phases, ...(error !== undefined && { error }) };
    return isSame(now, then, this.#options.settings !== undefined) ? undefined : { observation, then, now };
  }

  #decide(observation: unknown): Outcome {
    const { decide, subjects, redact } = this.#monitor;
    const before = this.#state;
    try {
      const { state, effects } = decide(before, observation);
      const phases = this.#phases?.changes(touchedBetween(subjects, before, state)) ?? [];
      this.#state = state;
      return { effects: plain(effects, redact), phases };
    } catch (error) {
      return { effects: [], phases: [], error: messageOf(error) };
    }
  }

  #withSettings(value: unknown): unknown {
    const { settings: change } = this.#options;
    const { settings } = (value ?? {}) as { readonly settings?: unknown };
    if (change === undefined || typeof settings !== "object" || settings === null) return value;
    return { ...(value as object), settings: change(settings as Readonly<Record<string, unknown>>) };
  }
}

/** As a recording has them. */
function plain(effects: Outcome["effects"], redact: Replayable["redact"]): Outcome["effects"] {
  return decode(encode(effects, redact)) as Outcome["effects"];
}

/** @param withOtherSettings when a monitor looks again is another time then by its nature */
function isSame(now: Outcome, then: Outcome, withOtherSettings: boolean): boolean {
  if ((now.error === undefined) !== (then.error === undefined)) return false;
  const compared = ({ effects, phases }: Outcome): unknown => [
    withOtherSettings ? effects.filter(({ kind }) => kind !== "wake" && kind !== "cancelWake") : effects,
    phases,
  ];
  return isDeepStrictEqual(compared(now), compared(then));
}
