import { isIP } from "node:net";
import type { RouteRequest, RouteResponse, Routes } from "../routes.ts";
import { ASSETS, asset } from "./assets.ts";
import type { HostGatherer } from "./gather.ts";
import type { PeerOverview } from "./overview.ts";
import type { Peers } from "./peers.ts";
import { renderPage } from "./render.ts";

export interface PageRouteParts {
  readonly host: Pick<HostGatherer, "now">;
  readonly peers: Pick<Peers, "now">;
  /** That the page is served on. */
  readonly address: string;
  readonly hasLogin: boolean;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** Nothing but what this server serves, and nothing inline: a name that looks like markup can do nothing. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS = {
  "Content-Security-Policy": CSP,
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  // A browser keeps several connections open, of which there are few.
  Connection: "close",
};

/** The paths of the page: `/`, what it loads, and `/host.json`, which other hosts' pages ask for. */
export function pageRoutes(parts: PageRouteParts): Routes {
  const { host, peers, now } = parts;
  const route = (respond: () => RouteResponse | Promise<RouteResponse>): Routes[string] => ({
    method: "GET",
    handle: async (request) => refusal(parts, request) ?? { ...(await respond()), headers: HEADERS },
  });
  const assets = Object.entries(ASSETS).map(([name, contentType]) => [
    `/${name}`,
    route(() => ({ status: 200, body: asset(name as keyof typeof ASSETS), contentType })),
  ]);
  return {
    "/": route(async () => {
      const [own, others] = await Promise.all([host.now(), peers.now()]);
      const shown: PeerOverview[] = [{ kind: "host", host: own }, ...withoutOwn(others, own.host)];
      return { status: 200, body: String(renderPage(shown, now())), contentType: "text/html; charset=utf-8" };
    }),
    "/host.json": route(async () => ({ status: 200, body: await host.now() })),
    ...Object.fromEntries(assets),
  };
}

/** One list of peers may be in the configuration of every host. */
function withoutOwn(peers: readonly PeerOverview[], own: string): readonly PeerOverview[] {
  return peers.filter((peer) => (peer.kind === "host" ? peer.host.host : peer.last?.host) !== own);
}

/**
 * A page of somebody else whose name leads to 127.0.0.1 must not read this one in the browser of whoever sits at this host. Elsewhere
 * the name is not known, and there a login is the protection.
 */
function refusal({ address, hasLogin }: PageRouteParts, { host = "" }: RouteRequest): RouteResponse | undefined {
  const name = host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  if (hasLogin || !isLoopback(address) || isIP(name) !== 0 || name.toLowerCase() === "localhost") return undefined;
  return {
    status: 421,
    body: "the page is on a loopback address: open it as localhost, or set [metrics] username\n",
    contentType: "text/plain; charset=utf-8",
  };
}

const isLoopback = (address: string): boolean =>
  address === "::1" || address === "localhost" || (isIP(address) === 4 && address.startsWith("127."));
