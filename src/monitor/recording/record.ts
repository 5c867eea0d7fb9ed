import type { Entry } from "../../notify/entry.ts";
import type { Instant } from "../../system/clock.ts";
import type { CommonEffect, OwnEffect } from "../contract.ts";

/** The version of the recordings that this release writes and reads. */
export const FORMAT = 1;

/** Characters of one record. A look at 12,000 guests is half of it; what is longer would crowd out the rest of the recording. */
export const LONGEST_RECORD = 8_000_000;

/** How a subject is from then on; undefined: it is gone. */
export type PhaseChange = readonly [key: string, name: string, phase: string | undefined];

/** An observation with what was decided on it. */
export interface DecidedRecord {
  readonly kind: "decided";
  readonly observation: unknown;
  readonly effects: readonly (CommonEffect | OwnEffect)[];
  readonly phases: readonly PhaseChange[];
}

/** As a `DecidedRecord`, whose observation but for its time is that of the latest one of this kind in the segment. */
export interface RepeatedRecord extends Omit<DecidedRecord, "kind" | "observation"> {
  readonly kind: "repeated";
  readonly of: string;
  readonly at: Instant;
}

/** A notification in the outbox as it is from then on: added, tried in vain, or ended. */
export interface EntryRecord
  extends Pick<Entry, "id" | "subject" | "notification" | "state" | "attempts" | "reason" | "notificationUuid"> {
  readonly kind: "entry";
  readonly at: Instant;
}

/** In place of a record that could not be written. What follows in the segment cannot be replayed: the state is not known. */
export interface LostRecord {
  readonly kind: "lost";
  readonly at: Instant;
  /** Why, for who reads the recording. */
  readonly error: string;
}

/** The first record of a segment. What follows can be replayed from the state that comes next. */
export interface SegmentRecord {
  readonly kind: "segment";
  readonly format: number;
  readonly program: string;
  readonly version: string;
  readonly bootId: string;
  readonly at: Instant;
  /** `next`: the segment before ends where this one begins. `gap`: something is missing between them. */
  readonly begins: "start" | "next" | "gap";
}

/** One line of a recording. */
export type RecordingLine =
  | SegmentRecord
  /** The state but for the contents of its maps by subject, which follow as `rows`. */
  | { readonly kind: "state"; readonly state: unknown }
  | { readonly kind: "rows"; readonly map: string; readonly rows: readonly (readonly [string, unknown])[] }
  | DecidedRecord
  | RepeatedRecord
  /** `decide` threw, or its decision could not be kept: the state stayed as it was. */
  | { readonly kind: "failed"; readonly observation: unknown; readonly error: string }
  | EntryRecord
  | LostRecord;
