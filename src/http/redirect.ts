import type { IncomingHttpHeaders } from "node:http";
import { ResponseError } from "./errors.ts";
import { shorten } from "./shorten.ts";

const statuses: readonly number[] = [301, 302, 303, 307, 308];

/**
 * Where a response redirects to; undefined if it is no redirect. A redirect never leaves the server or falls back from TLS,
 * since the credentials would go with it. @throws ResponseError
 */
export function redirectOf(
  response: { readonly status: number; readonly headers: IncomingHttpHeaders },
  url: URL,
  peer: string,
): URL | undefined {
  const { location } = response.headers;
  if (!statuses.includes(response.status) || location === undefined) return undefined;
  const next = URL.parse(location, url.href);
  if (next === null || !isHttp(next)) {
    throw new ResponseError(
      `${peer} at ${url.origin} redirects to something other than an http:// or https:// URL: is this the right address?`,
    );
  }
  if (!isSameServer(url, next)) {
    throw new ResponseError(
      `${peer} at ${url.origin} redirects to ${shorten(next.origin, 300)}, which is not sent the credentials: if it is the right server, configure that URL`,
    );
  }
  return next;
}

export function isHttp({ protocol }: URL): boolean {
  return protocol === "http:" || protocol === "https:";
}

/**
 * Host and port are the same, and TLS is not left. Only a redirect from http:// to https:// may change the port, between
 * the two that these schemes have by default: that is how a load balancer makes its clients use TLS.
 */
function isSameServer(from: URL, to: URL): boolean {
  if (from.hostname !== to.hostname || (from.protocol === "https:" && to.protocol !== "https:")) return false;
  return portOf(from) === portOf(to) || (portOf(from) === "80" && portOf(to) === "443" && to.protocol === "https:");
}

const portOf = ({ port, protocol }: URL): string => port || (protocol === "https:" ? "443" : "80");
