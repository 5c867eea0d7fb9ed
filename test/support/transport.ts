import { createTransport, type HttpRequest, type Transport, type TransportOptions } from "../../src/http/transport.ts";
import { systemClock } from "../../src/system/system-clock.ts";

/** A signal that does not abort. */
export const never = new AbortController().signal;

export function transportWith(options: Partial<TransportOptions> = {}): Transport {
  return createTransport({ userAgent: "test", clock: systemClock, timeoutMs: 10_000, ...options });
}

export function get(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: "GET", url, peer: "the Masakari API", headers: { Accept: "*/*" }, ...more };
}
