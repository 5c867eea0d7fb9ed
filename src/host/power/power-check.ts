import type { Clock } from "../../system/clock.ts";

/** What a check of a BMC needs beside the device. */
export interface PowerCheckParts {
  readonly clock: Clock;
  /** `[host] ipmi_timeout`, ms: the query has ended by then, and so has the script that prints the password, if there is one. */
  readonly timeoutMs: number;
  /** Called with the pid of each process that the check starts, and again when it has ended. */
  readonly onStart?: ((pid: number) => void) | undefined;
  readonly onEnd?: ((pid: number) => void) | undefined;
}
