import type { Instant } from "../system/clock.ts";

/** Something that a monitor watches, as it is now. */
export interface Subject {
  /** In the monitor's own words: `process`, `guest` … */
  readonly kind: string;
  /** As the log calls it. */
  readonly name: string;
  /** Of a guest: its UUID, under which the log has it too. */
  readonly id?: string | undefined;
  /** How it is, in a few words. */
  readonly phase: string;
  /** Since when, if the monitor keeps that; else since the monitor has seen it so. */
  readonly since?: Instant | undefined;
  /** It is given up and not well again: what that means, for an operator. The monitor is degraded as long as it is set. */
  readonly givenUp?: string | undefined;
  /** Somebody who looks for a failure wants to see it: it is down, does not answer, is lost. */
  readonly isUnwell?: boolean | undefined;
  /** Of a lost host: what proves that it is down, and since when that is known (monotonic ms). */
  readonly proof?: { readonly text: string; readonly at: number } | undefined;
}

/** A subject with what the monitor has seen of it. */
export interface WatchedSubject extends Subject {
  readonly since: Instant;
  /** The last line of the log about it since the monitor was started. */
  readonly lastEvent: { readonly at: Instant; readonly text: string } | undefined;
}

/** What `GET /list` returns; times in ISO 8601. */
export interface SubjectReport {
  readonly kind: string;
  readonly name: string;
  readonly id: string | null;
  readonly phase: string;
  readonly since: string;
  readonly seconds: number;
  readonly given_up: string | null;
  readonly last_event: { readonly at: string; readonly text: string } | null;
}

/** A guest may have any name, a process any command line. Characters. */
const NAME_LENGTH = 300;
const EVENT_LENGTH = 300;

/** The subjects as they are shown. Pure. */
export function reportSubjects(subjects: readonly WatchedSubject[], now: Instant): readonly SubjectReport[] {
  const time = (mono: number): string => new Date(now.wall - (now.mono - mono)).toISOString();
  return subjects.map(({ kind, name, id = null, phase, since, givenUp = null, lastEvent }) => ({
    kind,
    name: name.slice(0, NAME_LENGTH),
    id,
    phase,
    since: time(since.mono),
    seconds: Math.max(0, Math.round((now.mono - since.mono) / 1000)),
    given_up: givenUp,
    last_event:
      lastEvent === undefined ? null : { at: time(lastEvent.at.mono), text: lastEvent.text.slice(0, EVENT_LENGTH) },
  }));
}
