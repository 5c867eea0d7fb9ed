import { type ProcessIdentity, TICK_MS } from "../system/proc-table.ts";

/** Whether it began after `moment` (ms since boot), or in the same tick. */
export function beganAfter(process: ProcessIdentity, moment: number): boolean {
  return (process.startTime + 1) * TICK_MS > moment;
}

/** How long it has lived at `mono` (ms since boot), in ms. */
export function ageAt({ startTime }: ProcessIdentity, mono: number): number {
  return mono - startTime * TICK_MS;
}
