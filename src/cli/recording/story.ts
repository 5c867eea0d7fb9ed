import type { CommonEffect, OwnEffect } from "../../monitor/contract.ts";
import { readRecording } from "../../monitor/recording/read.ts";
import type { DecidedRecord, EntryRecord, PhaseChange, RecordingLine } from "../../monitor/recording/record.ts";
import type { Instant } from "../../system/clock.ts";

/** Something in a recording, with what it is about. */
export type StoryEvent = { readonly program: string; readonly bootId: string; readonly at: Instant } & (
  | {
      readonly kind: "decided";
      readonly observation: Readonly<Record<string, unknown>>;
      readonly effects: readonly (CommonEffect | OwnEffect)[];
      readonly phases: readonly PhaseChange[];
    }
  | { readonly kind: "failed"; readonly observation: Readonly<Record<string, unknown>>; readonly error: string }
  | { readonly kind: "entry"; readonly entry: EntryRecord }
  | { readonly kind: "lost"; readonly error: string }
  | { readonly kind: "started"; readonly version: string; readonly after: "start" | "gap" }
);

/** The events of recordings, in the order in which they were recorded. */
export function* eventsOf(lines: Iterable<RecordingLine>): Generator<StoryEvent> {
  let program = "";
  let bootId = "";
  let at: Instant = { wall: 0, mono: 0 };
  const latest = new Map<string, Readonly<Record<string, unknown>>>();
  const timed = (observation: Readonly<Record<string, unknown>>): Instant => {
    at = (observation.at as Instant | undefined) ?? at;
    return at;
  };
  for (const line of lines) {
    switch (line.kind) {
      case "segment":
        ({ program, bootId } = line);
        at = line.at;
        latest.clear();
        if (line.begins !== "next")
          yield { kind: "started", program, bootId, at, version: line.version, after: line.begins };
        break;
      case "decided": {
        const observation = objectOf(line.observation);
        latest.set(String(observation.kind), observation);
        yield decided({ program, bootId }, timed(observation), observation, line);
        break;
      }
      case "repeated": {
        const observation = { ...latest.get(line.of), at: line.at };
        yield decided({ program, bootId }, timed(observation), observation, line);
        break;
      }
      case "failed": {
        const observation = objectOf(line.observation);
        yield { kind: "failed", program, bootId, at: timed(observation), observation, error: line.error };
        break;
      }
      case "entry":
        yield { kind: "entry", program, bootId, at: line.at, entry: line };
        break;
      case "lost":
        yield { kind: "lost", program, bootId, at: line.at, error: line.error };
    }
  }
}

/** The events of these files of recordings. @throws RecordingError, or the system's error */
export function* storyOf(paths: readonly string[]): Generator<StoryEvent> {
  const lines = readRecording(paths);
  yield* eventsOf(
    (function* () {
      for (const { line } of lines) yield line;
    })(),
  );
}

function decided(
  source: Pick<StoryEvent, "program" | "bootId">,
  at: Instant,
  observation: Readonly<Record<string, unknown>>,
  { effects, phases }: Pick<DecidedRecord, "effects" | "phases">,
): StoryEvent {
  return { kind: "decided", ...source, at, observation, effects, phases };
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

/**
 * Events of one host in the order in which they happened: within a boot by the monotonic clock, which all programs share, since the wall
 * clock may have been set.
 */
export function inOrder(events: readonly StoryEvent[]): readonly StoryEvent[] {
  const latest = new Map<string, number>();
  for (const { bootId, at } of events) latest.set(bootId, Math.max(at.wall, latest.get(bootId) ?? at.wall));
  return [...events].sort((one, other) =>
    one.bootId === other.bootId
      ? one.at.mono - other.at.mono
      : (latest.get(one.bootId) ?? 0) - (latest.get(other.bootId) ?? 0),
  );
}
