import type { Deliver, DeliveryResult } from "../../src/notify/delivery.ts";
import type { Notification } from "../../src/notify/notification.ts";

/** A delivery that answers when the test decides. */
export class Answers {
  readonly asked: { name: string; at: number; signal: AbortSignal; answer: (result: DeliveryResult) => void }[] = [];
  #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  readonly deliver: Deliver = (notification, signal) =>
    new Promise((answer) => {
      this.asked.push({ name: nameOf(notification), at: this.#now(), signal, answer });
    });

  get names(): readonly string[] {
    return this.asked.map((asked) => asked.name);
  }
}

export function nameOf(notification: Notification): string {
  return notification.payload.process_name ?? "";
}
