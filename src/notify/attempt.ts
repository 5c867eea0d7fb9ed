import type { Clock } from "../system/clock.ts";
import { messageOf } from "../system/message-of.ts";
import type { Attempt, Deliver } from "./delivery.ts";
import type { Notification } from "./notification.ts";

/** How long an aborted attempt may take to say what came of it. */
const LAST_WORD_MS = 1000;

/**
 * One attempt that surely comes to an end: after `timeoutMs` it is aborted, and soon after counts as unanswered whatever
 * it does. A throw of `deliver` is a defect of ours, and counts as unanswered too: the notification is still owed.
 */
export function attemptWithin(
  deliver: Deliver,
  notification: Notification,
  clock: Clock,
  timeoutMs: number,
  controller: AbortController,
): Promise<Attempt> {
  return new Promise((resolve) => {
    const finish = (attempt: Attempt): void => {
      timer.cancel();
      resolve(attempt);
    };
    const unanswered = (reason: string): void => finish({ outcome: "unanswered", reason });
    let timer = clock.setTimer(timeoutMs, () => {
      controller.abort(new Error(`no answer within ${Math.round(timeoutMs / 1000)} s`));
    });
    const { signal } = controller;
    signal.addEventListener("abort", () => {
      timer.cancel();
      timer = clock.setTimer(LAST_WORD_MS, () => unanswered(messageOf(signal.reason)));
    });
    const threw = (error: unknown): void => unanswered(`defect in delivery: ${messageOf(error)}`);
    try {
      deliver(notification, controller.signal).then(finish, threw);
    } catch (error) {
      threw(error);
    }
  });
}
