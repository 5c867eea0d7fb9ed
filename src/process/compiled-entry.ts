import type { ProcessEntry } from "../config/process-entry.ts";
import { userId } from "../config/process-list/user-id.ts";
import { keyed } from "./keyed.ts";
import { type Matcher, matcherOf } from "./match.ts";

/** An entry, ready to be looked for. */
export interface CompiledEntry {
  readonly key: string;
  readonly entry: ProcessEntry;
  readonly matcher: Matcher;
  /** Only this user's processes count; undefined: everybody's. */
  readonly uid: number | undefined;
}

/** @throws MatchExpressionError */
export function compileEntries(entries: readonly ProcessEntry[]): readonly CompiledEntry[] {
  return keyed(entries).map(({ key, entry }) => ({
    key,
    entry,
    matcher: matcherOf(entry),
    // A user who has gone since the list was read has no processes.
    uid: entry.user === undefined ? undefined : (userId(entry.user) ?? -1),
  }));
}
