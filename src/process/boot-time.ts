import type { Clock } from "../system/clock.ts";
import { type ProcTable, TICK_MS } from "../system/proc-table.ts";

/**
 * When process 1 began: the boot of this host, or of the container that is looked at. It is reckoned from this process, whose
 * start is known by both clocks, because the clock of /proc runs on while a host sleeps, and CLOCK_MONOTONIC does not.
 * @param uptimeMs how long this process runs
 * @returns monotonic ms; 0, the boot of the kernel, where /proc does not have it
 */
export function bootTime(table: ProcTable, self: number, clock: Clock, uptimeMs = process.uptime() * 1000): number {
  const first = table.stat(1);
  const own = table.stat(self);
  if (!first || !own) return 0;
  return clock.now().mono - uptimeMs - (own.startTime - first.startTime) * TICK_MS;
}
