import type { Logger } from "../system/log.ts";
import { countOf } from "../system/plural.ts";
import type { DeliveryResult } from "./delivery.ts";
import { describeNotification, type Entry, type EntryState } from "./entry.ts";
import { OVERFLOWED } from "./overflow.ts";

/** How an entry leaves the outbox. */
export type FinalState = Exclude<EntryState, "pending">;

/** The final state that the response of the API gives an entry. @param firstTry no attempt at it can have arrived before */
export function finalStateOf(
  result: Exclude<DeliveryResult, { outcome: "failed" }>,
  firstTry: boolean,
): Pick<Entry, "state" | "reason" | "notificationUuid"> {
  switch (result.outcome) {
    case "delivered":
      return { state: "delivered", reason: undefined, notificationUuid: result.notificationUuid };
    case "duplicate":
      return { state: "delivered", reason: firstTry ? TAKEN_FOR_ANOTHER : HAD_IT, notificationUuid: undefined };
    case "rejected":
      return { state: "rejected", reason: result.reason, notificationUuid: undefined };
    case "shadowed":
      return {
        state: "shadowed",
        reason: "not sent, because [notifications] shadow is set",
        notificationUuid: undefined,
      };
  }
}

const HAD_IT = "the API had it already";
/** masakari-api: anything equal from 180 s before generated_time on, so after a step back everything until then. */
const TAKEN_FOR_ANOTHER =
  "the API treats it as a repeat of one that it already has: the same happened in the 180 s before, or this host's clock was set back " +
  "since. If Masakari does nothing about it, act by hand";

/** How an entry ended, for whoever counts: one that was dropped for want of room apart from those that an operator has dropped. */
export type Ending = FinalState | "overflowed";

export function endingOf({ state, reason }: Entry): Ending {
  if (state === "dropped" && reason?.startsWith(OVERFLOWED)) return "overflowed";
  return state as FinalState;
}

/** The endings that nobody wanted: Masakari does not know of the failure. */
export const LOST: ReadonlySet<Ending> = new Set(["rejected", "expired", "overflowed"]);

/** `Notification 1a2b3c4d delivered: PROCESS STOPPED of …` */
export function describeEntry(entry: Entry): string {
  const { id, state, notification, attempts, reason } = entry;
  return (
    `Notification ${id} ${state}: ${describeNotification(notification)}, seen ${notification.generated_time}, ` +
    `${countOf(attempts, "attempt")}${reason === undefined ? "" : `: ${reason}`}`
  );
}

/** Logs an entry that has left the outbox, at the level that its final state deserves. */
export function logFinalState(entry: Entry, log: Logger): void {
  const what = describeEntry(entry);
  switch (endingOf(entry)) {
    case "delivered":
      if (entry.reason === TAKEN_FOR_ANOTHER) log.warning(what);
      else log.info(what);
      return;
    case "superseded":
    case "shadowed":
      log.info(what);
      return;
    case "dropped":
      log.warning(what);
      return;
    case "rejected":
    case "overflowed":
      log.error(what);
      return;
    case "expired":
      log.error(`${what}. Masakari does not know of it: if it is still true, notify Masakari by hand`);
  }
}
