import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_MS = 100;
/** Of all processors' time. */
const IDLE = 0.9;
/** A machine with other users may never be idle. */
const LIMIT_MS = 10_000;

/**
 * Waits until the machine has little to do: what one start leaves the API to do (it is killed in the middle of its login) would count
 * against the next one.
 */
export async function idleMachine(): Promise<void> {
  const until = performance.now() + LIMIT_MS;
  let before = processorTimes();
  for (let idleLooks = 0; idleLooks < 3 && performance.now() < until; ) {
    await sleep(LOOK_MS);
    const now = processorTimes();
    idleLooks = (now.idle - before.idle) / (now.all - before.all) >= IDLE ? idleLooks + 1 : 0;
    before = now;
  }
}

/** Since the machine's start, in ticks: proc(5), the first line of /proc/stat. */
function processorTimes(): { readonly all: number; readonly idle: number } {
  const times =
    readFileSync("/proc/stat", "latin1").split("\n", 1)[0]?.trim().split(/\s+/).slice(1, 9).map(Number) ?? [];
  const [, , , idle = 0, waitsForDisk = 0] = times;
  return { all: times.reduce((sum, time) => sum + time, 0), idle: idle + waitsForDisk };
}
