import { type Command, Option } from "commander";
import { printableJson } from "../../system/printable.ts";
import { parseDuration } from "../duration.ts";
import { onOneLine } from "../table.ts";
import { About } from "./about.ts";
import { segmentsAt, someRecordingsOf } from "./paths.ts";
import { selectionOf } from "./selection.ts";
import { inOrder, type StoryEvent, storyOf } from "./story.ts";
import { isEventful, linesOf } from "./story-lines.ts";

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
  const selection = asked === undefined ? EVERYTHING : selectionOf(asked, storyOf(paths));
  const events: StoryEvent[] = [];
  if (selection !== undefined) {
    const earliest = seconds === undefined ? selection.since : parts.now() - seconds * 1000;
    const about = selection.names && new About(selection.names);
    for (const event of storyOf(paths)) {
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
  return someRecordingsOf({ statePath: path, otherPlaces: otherPlaces(path) });
}
