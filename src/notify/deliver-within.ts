import type { Clock } from "../system/clock.ts";
import { messageOf } from "../system/message-of.ts";
import type { Deliver, DeliveryResult } from "./delivery.ts";
import type { Notification } from "./notification.ts";

/** How long an aborted attempt may take to return its result. */
const ABORT_GRACE_MS = 1000;

/**
 * One attempt that ends for certain: after `timeoutMs` it is aborted, and soon after it counts as failed whatever
 * it does. A throw of `deliver` is a defect of ours, and counts as failed too: the notification is still owed.
 */
export function deliverWithin(
  deliver: Deliver,
  notification: Notification,
  clock: Clock,
  timeoutMs: number,
  controller: AbortController,
): Promise<DeliveryResult> {
  return new Promise((resolve) => {
    const finish = (result: DeliveryResult): void => {
      timer.cancel();
      resolve(result);
    };
    const failed = (reason: string): void => finish({ outcome: "failed", reason });
    let timer = clock.setTimer(timeoutMs, () => {
      controller.abort(new Error(`no response within ${Math.round(timeoutMs / 1000)} s`));
    });
    const { signal } = controller;
    signal.addEventListener("abort", () => {
      timer.cancel();
      timer = clock.setTimer(ABORT_GRACE_MS, () => failed(messageOf(signal.reason)));
    });
    const threw = (error: unknown): void => failed(`defect in delivery: ${messageOf(error)}`);
    try {
      deliver(notification, controller.signal).then(finish, threw);
    } catch (error) {
      threw(error);
    }
  });
}
