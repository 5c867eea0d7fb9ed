import { readFileSync } from "node:fs";

/**
 * Names this boot of the host: two monotonic times, or two process ids, can be compared only inside one boot.
 * Source: proc(5), /proc/sys/kernel/random/boot_id.
 * @returns the id, or the empty string where the kernel does not give it (then nothing of an earlier run is comparable)
 */
export function readBootId(path = "/proc/sys/kernel/random/boot_id"): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}
