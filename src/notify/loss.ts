import type { Logger } from "../system/log.ts";
import { describeNotification, type Entry } from "./entry.ts";

/** So many of those that a stop loses are named in the log. */
const LOST_NAMED = 20;
export const COMPARE = "Check the disk, and compare the hosts' and processes' state with Masakari's notifications.";

const named = ({ notification }: Entry): string =>
  `(${describeNotification(notification)}, seen ${notification.generated_time})`;

/** The program ends and these could not be written: they are named, so that somebody can act in its place. */
export function logLost(lost: readonly Entry[], log: Logger): void {
  for (const entry of lost.slice(0, LOST_NAMED)) {
    log.critical(
      `Notification ${entry.id} ${named(entry)} is lost: it was neither delivered nor could it be written to disk. If it ` +
        "is still true, notify Masakari by hand.",
    );
  }
  if (lost.length > LOST_NAMED) log.critical(`… and ${lost.length - LOST_NAMED} more are lost`);
}

/** Notifications of an earlier run that are not sent. */
export function logDropped(entry: Entry, reason: string, log: Logger): void {
  log.error(
    `Notification ${entry.id} of an earlier run ${named(entry)} is dropped: ${reason}. If it is still true and not found ` +
      "again by this monitor, notify Masakari by hand.",
  );
}

export function logUnreadable(count: number, path: string, log: Logger): void {
  if (count === 0) return;
  log.critical(`${count} undelivered notifications in ${path} are damaged and cannot be sent. ${COMPARE}`);
}
