import type { DeliveryResult } from "../../../src/notify/delivery.ts";
import type { Notification } from "../../../src/notify/notification.ts";
import type { Clock } from "../../../src/system/clock.ts";
import type { Seeded } from "../seeded.ts";

export type Mode =
  | "up"
  | "slow"
  | "refuses"
  | "hangs"
  | "fails"
  | "drops the response"
  | "is too late"
  | "unauthorised";
export const MODES: readonly Mode[] = [
  "up",
  "slow",
  "refuses",
  "hangs",
  "fails",
  "drops the response",
  "is too late",
  "unauthorised",
];

/** masakari-api's duplicate_notification_detection_interval. */
export const DUPLICATE_MS = 180_000;

export interface Stored {
  readonly subject: string;
  readonly notification: Notification;
}

/** ms since the epoch of a generated_time: UTC, without a zone. */
export function wallOf(generatedTime: string): number {
  return Date.parse(`${generatedTime}Z`);
}

function sameEvent(a: Notification, b: Notification): boolean {
  return a.type === b.type && a.hostname === b.hostname && JSON.stringify(a.payload) === JSON.stringify(b.payload);
}

/** masakari-api as far as the dispatcher can see it: it stores, knows duplicates by its own rule, and misbehaves. */
export class ApiModel {
  mode: Mode = "up";
  readonly stored: Stored[] = [];
  readonly #clock: Clock;
  readonly #random: Seeded;

  constructor(clock: Clock, random: Seeded) {
    this.#clock = clock;
    this.#random = random;
  }

  /** One request. Never rejects; what hangs is settled by the caller's abort. */
  post(notification: Notification, signal: AbortSignal): Promise<DeliveryResult> {
    const failed = (reason: string): DeliveryResult => ({ outcome: "failed", reason });
    const random = this.#random;
    switch (this.mode) {
      case "up":
        return this.#later(random.between(1, 50), () => this.#store(notification));
      case "slow":
        return this.#later(random.between(1000, 25_000), () => this.#store(notification));
      case "refuses":
        return this.#later(1, () => failed("ECONNREFUSED"));
      case "fails":
        return this.#later(random.between(1, 50), () => failed("500"));
      case "unauthorised":
        return this.#later(random.between(1, 50), () => failed("401 twice"));
      case "drops the response":
        return this.#later(random.between(1, 50), () => {
          this.#store(notification);
          return failed("connection reset");
        });
      case "is too late":
        // It stores what nobody waits for any more, perhaps after the next attempt, or after the monitor's end.
        this.#clock.setTimer(random.between(30_000, 90_000), () => this.#store(notification));
        return this.#untilAborted(signal);
      case "hangs":
        return this.#untilAborted(signal);
    }
  }

  #untilAborted(signal: AbortSignal): Promise<DeliveryResult> {
    return new Promise((resolve) =>
      signal.addEventListener("abort", () => resolve({ outcome: "failed", reason: "no response" }), { once: true }),
    );
  }

  #later(ms: number, resultOf: () => DeliveryResult): Promise<DeliveryResult> {
    return new Promise((resolve) => this.#clock.setTimer(ms, () => resolve(resultOf())));
  }

  #store(notification: Notification): DeliveryResult {
    const from = wallOf(notification.generated_time) - DUPLICATE_MS;
    const duplicate = this.stored.some(
      (old) => sameEvent(old.notification, notification) && wallOf(old.notification.generated_time) >= from,
    );
    if (duplicate) return { outcome: "duplicate" };
    this.stored.push({ subject: notification.payload.process_name ?? "", notification });
    return { outcome: "delivered", notificationUuid: `uuid-${this.stored.length}` };
  }
}
