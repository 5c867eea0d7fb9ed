import type { ProcessEntry } from "../config/process-entry.ts";
import type { Instant } from "../system/clock.ts";
import type { ProcessIdentity } from "../system/proc-table.ts";

/** What of an entry is saved. Everything else is looked at afresh at the next start. */
export interface SavedEntry {
  readonly key: string;
  readonly match: ProcessEntry["match"];
  readonly pidfile: string | null;
  /** Absent in what version 0.1.0 saved. */
  readonly user?: string | null;
  readonly seenAs: "nothing" | "partial" | "whole";
  readonly toldAt: Instant | null;
  /** What is watched. Absent in what version 0.1.0 saved, as are the next two. */
  readonly process?: ProcessIdentity | null;
  readonly seenUp?: boolean;
  readonly foundUnit?: string | null;
}
