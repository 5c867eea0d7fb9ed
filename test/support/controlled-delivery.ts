import type { Deliver, DeliveryResult } from "../../src/notify/delivery.ts";
import type { Notification } from "../../src/notify/notification.ts";

/** A delivery that ends when the test decides. */
export class ControlledDelivery {
  readonly asked: { name: string; at: number; signal: AbortSignal; end: (result: DeliveryResult) => void }[] = [];
  #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  readonly deliver: Deliver = (notification, signal) =>
    new Promise((end) => {
      this.asked.push({ name: nameOf(notification), at: this.#now(), signal, end });
    });

  get names(): readonly string[] {
    return this.asked.map((asked) => asked.name);
  }
}

export function nameOf(notification: Notification): string {
  return notification.payload.process_name ?? "";
}
