import {
  boolean,
  type InferOutput,
  integer,
  nullable,
  nullish,
  number,
  object,
  optional,
  picklist,
  pipe,
  string,
} from "valibot";
import type { ProcessEntry } from "../config/process-entry.ts";

const MATCHES = ["program", "substring", "regex"] as const satisfies readonly ProcessEntry["match"][];

const moment = object({ wall: number(), mono: number(), inShadow: optional(boolean()) });
const identity = object({ pid: pipe(number(), integer()), startTime: pipe(number(), integer()) });

/** What of an entry is saved. Everything else is looked at afresh at the next start. What is optional, version 0.1.0 did not save. */
export const savedEntry = object({
  key: string(),
  match: picklist(MATCHES),
  pidfile: nullish(string(), null),
  user: nullish(string()),
  seenAs: picklist(["nothing", "partial", "whole"]),
  /** When Masakari was notified, or would have been without shadow mode. */
  toldAt: nullable(moment),
  /** What is watched. */
  process: nullish(identity),
  seenUp: optional(boolean()),
  foundUnit: nullish(string()),
});

export type SavedEntry = Readonly<InferOutput<typeof savedEntry>>;
