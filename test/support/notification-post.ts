import type { Exchange } from "./recording-proxy.ts";

export interface PostedNotification {
  readonly type: string;
  readonly hostname: string;
  readonly generated_time: string;
  readonly payload: { readonly event?: string; readonly process_name?: string };
}

/** The notification that a request carries; undefined for any other request, and while its body is still arriving. */
export function notificationIn(exchange: Exchange): PostedNotification | undefined {
  if (exchange.method !== "POST" || !exchange.path.endsWith("/notifications")) return undefined;
  try {
    return JSON.parse(exchange.body).notification;
  } catch {
    return undefined;
  }
}

/** Matches the POSTs about one process. */
export function about(processName: string): (exchange: Exchange) => boolean {
  return (exchange) => notificationIn(exchange)?.payload.process_name === processName;
}
