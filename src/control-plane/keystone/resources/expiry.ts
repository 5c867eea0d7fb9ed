import type { Json } from "../../formats/python-json.ts";
import { formatTime, parseIsoTime } from "../../formats/time.ts";
import { KeystoneFault } from "../fault.ts";

/**
 * Reads a request's `expires_at`.
 * @returns ms since the Unix epoch, null for none
 * @throws KeystoneFault 400 if it is no time, or over
 */
export function readExpiry(value: Json | undefined, now: number): number | null {
  if (value === undefined || value === null) return null;
  const time = parseIsoTime(String(value));
  if (time === undefined) {
    throw new KeystoneFault(400, "Expecting to find a time in expires_at, as 2030-01-01T00:00:00Z.");
  }
  if (time.ms <= now) throw new KeystoneFault(400, "expires_at is in the past; give a time to come.");
  return time.ms;
}

/** `2030-01-01T00:00:00.000000`, null for never. */
export function showExpiry(ms: number | null): string | null {
  return ms === null ? null : formatTime({ ms, micros: 0 });
}
