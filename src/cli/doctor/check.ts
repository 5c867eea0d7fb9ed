import type { Finding } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** One thing that is examined. It only reads: nothing on the host, in the cluster or in Masakari is changed by it. */
export interface Check {
  /** One to three words. */
  readonly name: string;
  /** The monitors that need it; all if absent. */
  readonly monitors?: readonly string[];
  /** How long it may take, ms; 20 s if absent. */
  readonly limitMs?: (subject: Subject) => number;
  /** Whatever it throws is a finding. What it waits for ends when the signal aborts; it may return what it has found until then. */
  run(subject: Subject, signal: AbortSignal): Promise<readonly Finding[]>;
}
