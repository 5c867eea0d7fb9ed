import { type Command, Option } from "commander";
import { readRecording } from "../../monitor/recording/read.ts";
import { describeNotification } from "../../notify/entry.ts";
import { countOf } from "../../system/plural.ts";
import { printableJson } from "../../system/printable.ts";
import { parseDuration } from "../duration.ts";
import { onOneLine } from "../table.ts";
import { About } from "./about.ts";
import { describeEffect, describeObservation, describePhase } from "./describe.ts";
import { recordingsOf, segmentsAt } from "./paths.ts";
import { replayables } from "./replayables.ts";
import { selectionOf } from "./selection.ts";
import { eventsOf, inOrder, type StoryEvent } from "./story.ts";

export interface ExplainCommandParts {
  /** Read when the command runs. */
  readonly statePath: () => string;
  readonly otherPlaces: (statePath: string) => readonly string[];
  readonly out: { write(text: string): unknown };
  /** ms since the epoch. */
  readonly now: () => number;
  readonly exit: (code: number) => void;
}

interface ExplainOptions {
  readonly since?: string;
  readonly all?: boolean;
  readonly format: "text" | "json";
  readonly from?: string;
}

const HELP = `
Reads what this host's monitors have recorded (see docs/flight-recorder.md). WHAT is a notification, by its UUID in Masakari or its id in \`outbox --all\`,
or a subject: a process, a guest by its name or UUID, or a host. Of a notification the half hour before it is shown. Times are UTC.

  masakari-monitors explain nova-compute --since 2h
  masakari-monitors explain 6ba7b810-9dad-11d1-80b4-00c04fd430c8

Exit status: 0, or 1 if nothing is recorded about it.`;

/** Adds `explain`. @returns the command, for further options */
export function registerExplainCommand(program: Command, parts: ExplainCommandParts): Command {
  return program
    .command("explain")
    .description("show what was observed and decided, why Masakari was or was not notified, and what became of it")
    .argument("[WHAT]", "a notification, or a process, guest or host; everything if absent")
    .option("--since <DURATION>", "how far back: 90m, 12h, 2d")
    .option("--all", "also observations on which nothing was decided")
    .option("--from <FILE>", "a recording, in place of this host's")
    .addOption(new Option("-f, --format <FORMAT>", "text or json").choices(["text", "json"]).default("text"))
    .addHelpText("after", HELP)
    .action((asked: string | undefined, options: ExplainOptions) => {
      explain(parts, asked, options);
    });
}

function explain(parts: ExplainCommandParts, asked: string | undefined, options: ExplainOptions): void {
  const { since, format, all = false, from } = options;
  parts.exit(2);
  const seconds = since === undefined ? undefined : parseDuration(since);
  if (since !== undefined && seconds === undefined) {
    throw new Error(`--since ${since} is no duration: give one such as 90m, 12h or 2d`);
  }
  const paths = from === undefined ? ownRecordings(parts) : segmentsAt(from);
  const selection = asked === undefined ? EVERYTHING : selectionOf(asked, read(paths));
  const events: StoryEvent[] = [];
  if (selection !== undefined) {
    const earliest = seconds === undefined ? selection.since : parts.now() - seconds * 1000;
    const about = selection.names && new About(selection.names);
    for (const event of read(paths)) {
      if (event.at.wall < earliest || event.at.wall > selection.until) continue;
      const shown = about === undefined ? event : about.of(event);
      if (shown !== undefined && (all || isEventful(shown))) events.push(shown);
    }
  }
  const isEmpty = events.every(({ kind }) => kind === "started" || kind === "lost");
  if (format === "json") parts.out.write(`${printableJson(inOrder(events), 2)}\n`);
  else if (isEmpty)
    parts.out.write(
      `nothing is recorded${asked === undefined ? "" : ` about ${onOneLine(asked)}`}${since === undefined ? "" : ` in the last ${since}`}\n`,
    );
  else
    for (const event of inOrder(events))
      parts.out.write(
        linesOf(event)
          .map((line) => `${onOneLine(line)}\n`)
          .join(""),
      );
  parts.exit(isEmpty ? 1 : 0);
}

const EVERYTHING = { names: undefined, since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };

function ownRecordings({ statePath, otherPlaces }: ExplainCommandParts): readonly string[] {
  const path = statePath();
  const paths = recordingsOf({ statePath: path, otherPlaces: otherPlaces(path), programs: Object.keys(replayables) });
  if (paths.length === 0)
    throw new Error(`no monitor has recorded anything in ${path} ([DEFAULT] state_path, recording_size)`);
  return paths;
}

function* read(paths: readonly string[]): Generator<StoryEvent> {
  const lines = readRecording(paths);
  yield* eventsOf(
    (function* () {
      for (const { line } of lines) yield line;
    })(),
  );
}

/** Whether more came of it than that the monitor looks again. */
function isEventful(event: StoryEvent): boolean {
  if (event.kind !== "decided") return true;
  return event.phases.length > 0 || event.effects.some((effect) => isShown(effect));
}

function isShown({ kind, level }: { readonly kind: string; readonly level?: string }): boolean {
  return (
    !["wake", "cancelWake", "count", "ping", "look", "scan", "watch", "unwatch"].includes(kind) && level !== "debug"
  );
}

function linesOf(event: StoryEvent): readonly string[] {
  const { program, at } = event;
  const head = `${new Date(at.wall).toISOString()} ${program}`;
  switch (event.kind) {
    case "started": {
      const what = event.after === "start" ? `starts, version ${event.version}` : "records are missing before this";
      return [`${head} ${what}`];
    }
    case "lost":
      return [`${head} a record is missing here: ${event.error}`];
    case "failed":
      return [`${head} observed ${describeObservation(event.observation)}`, `    not decided: ${event.error}`];
    case "entry":
      return [`${head} ${describeEntry(event.entry)}`];
    case "decided":
      return [
        `${head} observed ${describeObservation(event.observation)}`,
        ...event.phases.map((phase) => `    now ${describePhase(phase)}`),
        ...event.effects.filter((effect) => isShown(effect)).map((effect) => `    ${describeEffect(effect)}`),
      ];
  }
}

function describeEntry({
  id,
  notification,
  state,
  attempts,
  reason,
  notificationUuid,
}: Extract<StoryEvent, { kind: "entry" }>["entry"]): string {
  const what = describeNotification(notification);
  if (state === "pending" && attempts === 0) return `notification ${id} is in the outbox: ${what}`;
  const why = reason === undefined ? "" : `: ${reason}`;
  if (state === "pending") return `notification ${id} is not delivered after ${countOf(attempts, "attempt")}${why}`;
  const uuid = notificationUuid === undefined ? "" : ` as ${notificationUuid}`;
  return `notification ${id} ${state}${uuid} after ${countOf(attempts, "attempt")}${why}`;
}
