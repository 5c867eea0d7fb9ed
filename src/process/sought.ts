import type { ProcessEntry } from "../config/process-entry.ts";
import { type Matcher, matcherOf } from "./match.ts";
import { keyed } from "./state.ts";

/** An entry with its matcher made. */
export interface Sought {
  readonly key: string;
  readonly entry: ProcessEntry;
  readonly matcher: Matcher;
}

/** @throws MatchExpressionError */
export function soughtOf(entries: readonly ProcessEntry[]): readonly Sought[] {
  return keyed(entries).map(({ key, entry }) => ({ key, entry, matcher: matcherOf(entry) }));
}
