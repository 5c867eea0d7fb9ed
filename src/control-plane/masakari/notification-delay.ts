import { setTimeout as delay } from "node:timers/promises";
import { ApiFault } from "./fault.ts";

/** Waits before a notification is stored. @throws ApiFault 503 when `signal` aborts */
export type NotificationDelay = (signal: AbortSignal) => Promise<void>;

/**
 * Upstream's `notification_delay_max`: a random time, so that two API processes that receive the same event do not both look for
 * duplicates before either has stored it. One process needs none.
 * @param maxSeconds at 0 nothing is waited for
 */
export function randomDelay(maxSeconds: number, random: () => number = Math.random): NotificationDelay | undefined {
  if (maxSeconds === 0) return undefined;
  return async (signal) => {
    try {
      await delay(random() * maxSeconds * 1000, undefined, { signal });
    } catch {
      throw new ApiFault(503, "The control plane is stopping; try again.");
    }
  };
}
