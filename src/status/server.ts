import { lstatSync, rmSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createConnection } from "node:net";
import { http } from "../http/node-http.ts";
import type { Logger } from "../system/log.ts";
import { messageOf } from "../system/message-of.ts";
import { printable, printableJson } from "../system/printable.ts";
import { inodeAt } from "../system/same-inode.ts";
import type { RouteResponse, Routes } from "./routes.ts";
import { fitsSocket } from "./socket-path.ts";

export interface HealthServerParts {
  /** From `healthSocket()`. */
  readonly path: string;
  readonly routes: Routes;
  readonly log: Pick<Logger, "warning" | "error">;
  /** Whether the disk that the socket is on responds: making and removing a socket waits for it. */
  readonly diskResponds?: () => Promise<boolean>;
  /** Called once the socket is there. */
  readonly onListening?: () => void;
}

/** Clients are on this host: a handful at a time is enough, and a request is a few lines. */
const CONNECTIONS = 16;
const HEADER_BYTES = 8192;
/** From connecting to the end of the response, however slowly the request arrives. */
const CONNECTION_MS = 5000;
/** The kernel accepts connections for a busy listener, so a live one never needs this long. */
const PROBE_MS = 1000;

/**
 * Serves the routes on a Unix socket until the signal aborts. Only the socket's owner and root can connect. A socket that
 * cannot be created is one line in the log and no error. Resolves when the socket is gone.
 */
export async function serveHealth(parts: HealthServerParts, signal: AbortSignal): Promise<void> {
  const { path, log } = parts;
  if (signal.aborted) return;
  const server = makeServer(parts);
  let inode: number | undefined;
  try {
    if (!(await isDiskWorking(parts))) throw new Error("the disk hangs");
    await listen(server, path);
    inode = inodeAt(path);
    parts.onListening?.();
  } catch (error) {
    const why = messageOf(error);
    log.warning(`Health is not served on ${path}, so \`masakari-monitors status\` cannot find this program: ${why}`);
    return;
  }
  server.on("error", (error) => log.warning(`Serving health on ${path} failed: ${error.message}`));
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  server.closeAllConnections();
  if (!(await isDiskWorking(parts))) {
    server.unref();
    return;
  }
  // libuv unlinks the socket's path when it closes. If another program has that path by now, the server is left open instead.
  if ([undefined, inode].includes(inodeAt(path))) await new Promise((resolve) => server.close(resolve));
  else server.unref();
}

const isDiskWorking = async ({ diskResponds }: HealthServerParts): Promise<boolean> => (await diskResponds?.()) ?? true;

function makeServer(parts: HealthServerParts): Server {
  const server = http.createServer({ maxHeaderSize: HEADER_BYTES }, (request, response) => {
    respond(request, response, parts)
      .catch((error: unknown) => {
        const text = (error instanceof Error ? error.stack : undefined) ?? messageOf(error);
        parts.log.error(`Defect in serving ${printable(request.url ?? "")} on the health socket: ${text}`);
        send(response, { status: 500, body: { error: "internal error, see the log of the monitor" } });
      })
      .catch(() => response.destroy());
  });
  server.maxConnections = CONNECTIONS;
  server.on("connection", (socket) => {
    const limit = setTimeout(() => socket.destroy(), CONNECTION_MS);
    limit.unref();
    socket.once("close", () => clearTimeout(limit));
  });
  return server;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { routes }: HealthServerParts,
): Promise<void> {
  const [path = "", query] = (request.url ?? "").split("?");
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  const method = request.method === "HEAD" ? "GET" : request.method;
  if (route === undefined) {
    send(response, { status: 404, body: { error: `no such path; there are ${Object.keys(routes).join(", ")}` } });
  } else if (method !== route.method) {
    send(response, { status: 405, body: { error: `only ${route.method}` } });
  } else {
    send(response, await route.handle({ query, body: () => readJson(request) }));
  }
}

const BODY_BYTES = 1 << 20;

/** @returns undefined for what is no JSON, or too long */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      parts.push(part);
      bytes += part.length;
      if (bytes > BODY_BYTES) return undefined;
    }
    return JSON.parse(Buffer.concat(parts).toString());
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, route: RouteResponse): void {
  const { status, body, contentType = "application/json", headers } = route;
  const always = { "Content-Type": contentType, "Cache-Control": "no-store", Connection: "close" };
  const text = typeof body === "string" ? body : `${printableJson(body, 2)}\n`;
  response.writeHead(status, { ...headers, ...always });
  response.end(text);
}

async function listen(server: Server, path: string): Promise<void> {
  if (!fitsSocket(path)) throw new Error("the path is too long for a socket; set a shorter [DEFAULT] state_path");
  if (await isStale(path)) rmSync(path, { force: true });
  const listening = new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
  });
  // The socket is bound within this call; with chmod afterwards, others could connect in between.
  const before = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await listening;
}

/**
 * Whether the path is the socket of a run that was killed.
 * @throws if another program listens on it, or it is no socket
 */
async function isStale(path: string): Promise<boolean> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (!found.isSocket()) throw new Error("a file that is not a socket has this path; remove it");
  const code = await new Promise<string | undefined>((resolve) => {
    const probe = createConnection(path);
    const settle = (outcome: string | undefined): void => {
      probe.destroy();
      resolve(outcome);
    };
    probe.setTimeout(PROBE_MS, () => settle("ETIMEDOUT"));
    probe.once("connect", () => settle(undefined));
    probe.once("error", (error: NodeJS.ErrnoException) => settle(error.code));
  });
  if (code === "ECONNREFUSED" || code === "ENOENT") return true;
  if (code === "EMFILE" || code === "ENFILE" || code === "ENOMEM") throw new Error(`cannot connect to it: ${code}`);
  throw new Error(
    `another program listens on it${code === undefined ? "" : ` (${code})`}; is this monitor running twice?`,
  );
}
