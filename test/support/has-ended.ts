import { readFileSync } from "node:fs";

/** Whether there is no such process any more, or only a zombie of it. */
export function hasEnded(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return true;
  }
}
