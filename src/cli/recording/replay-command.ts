import type { Command } from "commander";
import { countOf } from "../../system/plural.ts";
import { onOneLine } from "../table.ts";
import { packageVersion } from "../version.ts";
import { describeObservation, describeOutcome } from "./describe.ts";
import { type Replayed, replayFile } from "./replay-file.ts";
import { parseOtherValue } from "./settings.ts";

export interface ReplayCommandParts {
  readonly out: { write(text: string): unknown };
  readonly exit: (code: number) => void;
}

const HELP = `
FILE is what \`masakari-monitors recording\` has written, or the directory of a monitor's recording: PROGRAM.recording in [DEFAULT] state_path.
Every observation in it is decided on again, by this version of the monitor, and compared with what was decided then.

  masakari-monitors replay /var/lib/masakarimonitors/hostmonitor.recording
  masakari-monitors replay bug.rec --set introspectiveinstancemonitor.guest_monitoring_failure_threshold=5

With --set, when a monitor looks again is not compared. After the first difference observations are of a world in which something else was
decided, so the replay ends there.

Exit status: 0 if all decisions are the same, 1 if one differs, 2 if the recording cannot be read.`;

/** Adds `replay`. */
export function registerReplayCommand(program: Command, parts: ReplayCommandParts): void {
  program
    .command("replay")
    .description("decide again on what a recording has observed, and show the first decision that differs")
    .argument("<FILE>", "a recording, or a directory of one")
    .option("--set <SECTION.OPTION=VALUE>", "with another value of an option; repeatable", collect, [])
    .addHelpText("after", HELP)
    .action(async (path: string, { set }: { set: readonly string[] }) => {
      parts.exit(2);
      const programs = await replayFile(path, set.map(parseOtherValue));
      for (const one of programs) parts.out.write(shown(one));
      parts.exit(programs.some(({ difference }) => difference !== undefined) ? 1 : 0);
    });
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

function shown({ program, replay, versions, difference }: Replayed): string {
  const { decisions, gaps, from } = replay.counts;
  const since = from === undefined ? "" : ` since ${new Date(from.wall).toISOString()}`;
  const missing = gaps === 0 ? "" : `; records are missing at ${countOf(gaps, "place")}`;
  const by = `recorded by ${[...versions].join(", ")}, replayed by ${packageVersion()}`;
  if (difference === undefined)
    return `${program}: ${countOf(decisions, "decision")}${since}, all the same (${by})${missing}\n`;
  const { then, now, observation } = difference;
  const [before, after] = [describeOutcome(then), describeOutcome(now)];
  const lines = [
    `${program}: decision ${decisions}${since} differs (${by})${missing}`,
    `  observed ${timeOf(observation)} ${describeObservation(observation)}`,
    ...unmatched(before, after).map((line) => `  then: ${line}`),
    ...unmatched(after, before).map((line) => `  now:  ${line}`),
  ];
  return lines.map((line) => `${onOneLine(line)}\n`).join("");
}

/** The lines that the other has not; all if that leaves none of either. */
function unmatched(lines: readonly string[], others: readonly string[]): readonly string[] {
  const kept = lines.filter((line) => !others.includes(line));
  if (kept.length > 0) return kept;
  return others.every((line) => lines.includes(line)) ? lines : ["nothing else"];
}

function timeOf(observation: unknown): string {
  const { at } = (observation ?? {}) as { readonly at?: { readonly wall?: unknown } };
  return typeof at?.wall === "number" && Number.isFinite(at.wall) ? new Date(at.wall).toISOString() : "";
}
