import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { http } from "../http/node-http.ts";
import type { Logger } from "../system/log.ts";
import { messageOf } from "../system/message-of.ts";
import { printable, printableJson } from "../system/printable.ts";
import type { RouteResponse, Routes } from "./routes.ts";
import type { TcpEntrance } from "./tcp-login.ts";
import type { ListenerTls } from "./tcp-tls.ts";

export interface TcpServerParts {
  readonly address: string;
  readonly port: number;
  /** GET only. */
  readonly routes: Routes;
  /** Undefined: no login is asked for. */
  readonly entrance: Pick<TcpEntrance, "admit"> | undefined;
  /** Undefined: no encryption. */
  readonly tls: Pick<ListenerTls, "createServer" | "keepCurrent"> | undefined;
  /** Where address and port are configured, for the log. */
  readonly optionNames: string;
  readonly log: Pick<Logger, "info" | "warning" | "error">;
}

/** Browsers and Prometheus; each request of a browser has a connection of its own, so that none is kept from Prometheus. */
const CONNECTIONS = 64;
const HEADER_BYTES = 8192;
/** Of a path, in the log. Characters. */
const SHOWN = 100;
/** For a request, and for a connection that is kept open, ms. Prometheus scrapes at most every few seconds. */
const REQUEST_MS = 5000;
const IDLE_MS = 65_000;

/**
 * Serves the routes on a TCP port until the signal aborts. A port that cannot be had is one line in the log and no error.
 */
export async function serveTcp(parts: TcpServerParts, signal: AbortSignal): Promise<void> {
  const { address, port, log, tls, routes, optionNames } = parts;
  if (signal.aborted) return;
  const url = `${tls === undefined ? "http" : "https"}://${address.includes(":") ? `[${address}]` : address}:${port}`;
  let server: Server;
  try {
    server = await makeServer(parts);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, address, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    log.warning(`${served(routes)} cannot be served on ${url} (${optionNames}): ${messageOf(error)}`);
    return;
  }
  server.on("error", (error) => log.warning(`Serving ${served(routes)} on ${url} failed: ${error.message}`));
  log.info(`Metrics are served on ${url}/metrics${"/" in routes ? `, the page on ${url}/` : ""}`);
  const ended = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  if (!signal.aborted) await Promise.all([ended, tls?.keepCurrent(signal)]);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** For the log. */
const served = (routes: Routes): string => ("/" in routes ? "Metrics and the page" : "Metrics");

async function makeServer(parts: TcpServerParts): Promise<Server> {
  const { tls, log } = parts;
  const options = {
    maxHeaderSize: HEADER_BYTES,
    requestTimeout: REQUEST_MS,
    headersTimeout: REQUEST_MS,
    keepAliveTimeout: IDLE_MS,
    // Node looks for requests that take too long every 30 s: until then slow ones could have all connections.
    connectionsCheckingInterval: 1000,
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    respond(request, parts)
      .catch((error: unknown): RouteResponse => {
        log.error(
          `Defect in serving ${printable((request.url ?? "").slice(0, SHOWN))}: ${(error instanceof Error ? error.stack : undefined) ?? messageOf(error)}`,
        );
        return plain(500, "internal error, see the log of the monitor");
      })
      .then((route) => send(response, route))
      .catch(() => response.destroy());
  };
  const server = tls === undefined ? http.createServer(options, listener) : await tls.createServer(options, listener);
  server.maxConnections = CONNECTIONS;
  // A client that reads no response.
  server.timeout = IDLE_MS;
  return server;
}

async function respond(request: IncomingMessage, { routes, entrance }: TcpServerParts): Promise<RouteResponse> {
  const { remoteAddress = "" } = request.socket;
  const admission = entrance?.admit(request.headers.authorization, remoteAddress) ?? "admitted";
  if (admission === "refused") {
    const headers = { "WWW-Authenticate": 'Basic realm="masakari-monitors", charset="UTF-8"' };
    return { ...plain(401, "a user name and a password are needed ([metrics] username, password)"), headers };
  }
  if (admission !== "admitted") {
    const { wait } = admission;
    const headers = { "Retry-After": String(wait) };
    return { ...plain(429, `too many failed logins from this address; try again in ${wait} s`), headers };
  }
  const [path = "", query] = (request.url ?? "").split("?");
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) return plain(404, `not found; there are ${Object.keys(routes).join(", ")}`);
  if (request.method !== "GET" && request.method !== "HEAD") return plain(405, "use GET");
  return await route.handle({ query, host: request.headers.host, body: () => Promise.resolve(undefined) });
}

const plain = (status: number, text: string): RouteResponse => ({
  status,
  body: `${text}\n`,
  contentType: "text/plain; charset=utf-8",
});

function send(response: ServerResponse, { status, body, contentType, headers }: RouteResponse): void {
  const text = typeof body === "string" ? body : `${printableJson(body)}\n`;
  response.writeHead(status, {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Type": contentType ?? "application/json",
    // Who has no login, or asks for what is not there, must not keep one of the few connections.
    ...(status >= 400 && { Connection: "close" }),
    ...headers,
  });
  response.end(text);
}
