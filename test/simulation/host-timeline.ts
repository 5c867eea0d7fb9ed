import type { Clock } from "../../src/system/clock.ts";

/** Who has done or logged something: `--` is the world and its operators, `cluster`, `masakari`, or a host's monitor. */
interface Moment {
  /** ms since the beginning. */
  readonly at: number;
  readonly who: string;
  readonly text: string;
  /** A log line, which every monitor may have that sees the same. */
  readonly isLog: boolean;
}

/** Equal log lines of several monitors within so long are one line for the reader, ms. */
const SAME_MS = 120_000;

/** Everything that happens in a simulated data centre, in its order. */
export class HostTimeline {
  readonly #moments: Moment[] = [];
  /** All of it. */
  readonly lines: string[] = [];
  readonly #clock: Clock;
  readonly #began: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#began = clock.now().mono;
  }

  add(who: string, text: string, isLog = false): void {
    const moment = { at: this.#clock.now().mono - this.#began, who, text, isLog };
    this.#moments.push(moment);
    this.lines.push(lineOf(moment));
  }

  /** For a reader: of what several monitors log in the same words, the first. */
  get readable(): readonly string[] {
    const latest = new Map<string, number>();
    return this.#moments.flatMap((moment) => {
      const { at, text, isLog, who } = moment;
      if (!isLog) return [lineOf(moment)];
      const before = latest.get(text);
      latest.set(text, at);
      const isRepeat = before !== undefined && at - before < SAME_MS && !text.includes(` ${who} `);
      return isRepeat ? [] : [lineOf(moment)];
    });
  }
}

function lineOf({ at, who, text }: Moment): string {
  return `${timeOf(at)}  ${who.padEnd(8)}  ${text}`.trimEnd();
}

/** @param ms since the beginning. @returns `0:01:03.5` */
export function timeOf(ms: number): string {
  const tenths = Math.round(ms / 100);
  const pad = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return `${Math.floor(tenths / 36_000)}:${pad((tenths / 600) % 60)}:${pad((tenths / 10) % 60)}.${tenths % 10}`;
}
