import { properties } from "../table.ts";
import { CommandError } from "./command-context.ts";
import type { View } from "./output/view.ts";

/** What a command came to: for `--json`, for people, and as openstackclient prints it. */
export interface Result {
  readonly json: unknown;
  readonly text: string;
  /** Undefined: openstackclient prints `line`. */
  readonly view?: View;
  readonly line?: string;
}

/** One object, a line for each of its members. @param shown what people see, if not all of it */
export function one(object: object, view: View, shown: object = object): Result {
  return { json: object, text: properties(shown), view };
}

/**
 * What a command is about: its argument, or the option that the old client had for it.
 * @param name of the argument, e.g. `SEGMENT`
 * @param option e.g. `--id`
 * @throws CommandError if it is missing, or both are given and differ
 */
export function subjectOf(
  argument: string | undefined,
  given: string | undefined,
  name: string,
  option: string,
): string {
  const subject = argument ?? given;
  if (subject === undefined) throw new CommandError(`${name} is missing: give it as argument or with ${option}`);
  if (given !== undefined && given !== subject) {
    throw new CommandError(`two different ones are given: ${name} ${subject} and ${option} ${given}`);
  }
  return subject;
}

/** @throws CommandError if no member has a value; `options` names those that there are */
export function requireChanges<Changes extends object>(changes: Changes, options: string): Changes {
  if (Object.values(changes).every((value) => value === undefined)) {
    throw new CommandError(`nothing to change: give one of ${options}`);
  }
  return changes;
}
