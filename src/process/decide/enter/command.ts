import type { Stage } from "../../observation.ts";
import type { EntryState } from "../../state.ts";
import { type Context, commandTimeoutMs } from "../context.ts";

/** Runs one command of the entry. @returns the number by which its end is recognised */
export function runStage(entry: EntryState, context: Context, stage: Stage): number {
  const run = context.nextRun();
  context.act({
    kind: "run",
    key: entry.key,
    run,
    stage,
    command: entry.entry[stage],
    asRoot: entry.entry.run_as_root,
    timeoutMs: commandTimeoutMs(entry, context),
  });
  return run;
}

/** The first stage after `done` (undefined: of all) that has a command. */
export function stageAfter<Some extends Stage>(
  stages: readonly Some[],
  { entry }: EntryState,
  done: Stage | undefined,
): Some | undefined {
  const all: readonly (Stage | undefined)[] = stages;
  return stages.slice(all.indexOf(done) + 1).find((stage) => entry[stage].trim() !== "");
}
