import type { Notification } from "./notification.ts";

/** The result of one attempt to deliver. Everything that is not a response about this notification is `failed` and retried. */
export type DeliveryResult =
  | { readonly outcome: "delivered"; readonly notificationUuid: string | undefined }
  /** 409 for a duplicate: an earlier attempt did arrive. */
  | { readonly outcome: "duplicate" }
  /** The API refuses this notification for good; the reason names the way out. */
  | { readonly outcome: "rejected"; readonly reason: string }
  /** `[notifications] shadow`: it would have been sent. */
  | { readonly outcome: "shadowed" }
  | { readonly outcome: "failed"; readonly reason: string };

/** Sends nothing. */
export const deliverNothing: Deliver = async () => ({ outcome: "shadowed" });

/** One attempt. It never throws for what the network or the API does; it settles soon after `signal` aborts. */
export type Deliver = (notification: Notification, signal: AbortSignal) => Promise<DeliveryResult>;
