import { lstatSync, rmSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createConnection } from "node:net";
import type { OutboxService } from "../notify/outbox-service.ts";
import type { Logger } from "../system/log.ts";
import { printableJson } from "../system/printable.ts";
import type { Report } from "./report.ts";
import { fitsSocket } from "./socket-path.ts";
import type { SubjectReport } from "./subject.ts";

/** As in `openstack/http.ts`: an import would load 6 MB of undici. */
const http = process.getBuiltinModule("node:http");

export interface HealthServerParts {
  /** From `healthSocket()`. */
  readonly path: string;
  /** How it is now. Asked for each request. */
  readonly report: () => Report;
  /** What it watches. Asked for each request. */
  readonly subjects?: () => readonly SubjectReport[];
  /** Answers `GET /outbox`, with `?all` also for what has ended, and `POST /outbox/drop`. */
  readonly outbox?: OutboxService;
  readonly log: Pick<Logger, "warning" | "error">;
  /** Called once the socket is there. */
  readonly onListening?: () => void;
}

/** Whoever asks is on this host; a handful at a time is plenty, and a request is a few lines. */
const CONNECTIONS = 16;
const HEADER_BYTES = 8192;
/** From connecting to the end of the answer, however slowly it is asked. */
const CONNECTION_MS = 5000;
/** A listener that has just been started and has much to do still takes connections: the kernel does that for it. */
const PROBE_MS = 1000;
const STATUS = { ok: 200, degraded: 200, failing: 503 } as const;

/**
 * Answers `GET /health` on a Unix socket until the signal aborts: 200 while the monitor does its work, 503 when it fails, a
 * `Report` as JSON with both; and `GET /list` with what is watched. Only the socket's owner and root may ask. A socket that cannot be had is a line in the log
 * and nothing more. Resolves when the socket is gone.
 */
export async function serveHealth(parts: HealthServerParts, signal: AbortSignal): Promise<void> {
  const { path, log } = parts;
  if (signal.aborted) return;
  const server = makeServer(parts);
  let inode: number | undefined;
  try {
    await listen(server, path);
    inode = inodeOf(path);
    parts.onListening?.();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.warning(`Health is not served on ${path}, and \`masakari-monitors status\` will not find this program: ${why}`);
    return;
  }
  server.on("error", (error) => log.warning(`Serving health on ${path} failed: ${error.message}`));
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  server.closeAllConnections();
  // libuv removes whatever has the socket's path as it closes: if that is another program's by now, it stays open, unheard.
  if ([undefined, inode].includes(inodeOf(path))) await new Promise((resolve) => server.close(resolve));
  else server.unref();
}

const inodeOf = (path: string): number | undefined => lstatSync(path, { throwIfNoEntry: false })?.ino;

function makeServer(parts: HealthServerParts): Server {
  const server = http.createServer({ maxHeaderSize: HEADER_BYTES }, (request, response) => {
    answer(request, response, parts).catch((error: unknown) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      parts.log.error(`Defect in reporting health: ${text}`);
      send(response, 500, { error: "health cannot be told, which is a defect; the log says more" });
    });
  });
  server.maxConnections = CONNECTIONS;
  server.on("connection", (socket) => {
    const limit = setTimeout(() => socket.destroy(), CONNECTION_MS);
    limit.unref();
    socket.once("close", () => clearTimeout(limit));
  });
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { report, subjects, outbox }: HealthServerParts,
): Promise<void> {
  const [path, query] = (request.url ?? "").split("?");
  const isGet = request.method === "GET" || request.method === "HEAD";
  if (path === "/outbox/drop" && outbox !== undefined) {
    if (request.method === "POST") await drop(request, response, outbox);
    else send(response, 405, { error: "only POST" });
  } else if (path !== "/health" && path !== "/list" && (path !== "/outbox" || outbox === undefined)) {
    send(response, 404, { error: "there is only /health, /list, /outbox and /outbox/drop" });
  } else if (!isGet) send(response, 405, { error: "only GET" });
  else if (path === "/outbox") send(response, 200, { entries: outbox?.list(query === "all") });
  else if (path === "/list") send(response, 200, { subjects: subjects?.() ?? [] });
  else {
    const now = report();
    send(response, STATUS[now.verdict], now);
  }
}

/** `{"ids": [...] or "all", "reason": "..."}` */
async function drop(request: IncomingMessage, response: ServerResponse, outbox: OutboxService): Promise<void> {
  const { ids, reason } = await bodyOf(request);
  const isList = Array.isArray(ids) && ids.every((id) => typeof id === "string");
  if ((ids !== "all" && !isList) || typeof reason !== "string" || reason.trim() === "") {
    send(response, 400, { error: 'wanted: {"ids": [...] or "all", "reason": "..."}' });
  } else send(response, 200, { dropped: outbox.drop(ids === "all" ? ids : (ids as string[]), reason) });
}

const BODY_BYTES = 1 << 20;

/** @returns nothing if it is no JSON object, or a large one */
async function bodyOf(request: IncomingMessage): Promise<{ readonly ids?: unknown; readonly reason?: unknown }> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      parts.push(part);
      bytes += part.length;
      if (bytes > BODY_BYTES) return {};
    }
    const body: unknown = JSON.parse(Buffer.concat(parts).toString());
    return typeof body === "object" && body !== null ? body : {};
  } catch {
    return {};
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store", Connection: "close" });
  response.end(`${printableJson(body, 2)}\n`);
}

async function listen(server: Server, path: string): Promise<void> {
  if (!fitsSocket(path)) throw new Error("its path is too long for a socket; choose a shorter [DEFAULT] state_path");
  if (await isLeftBehind(path)) rmSync(path, { force: true });
  const listening = new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
  });
  // It is bound within this call; chmod would come after a moment in which others may connect.
  const before = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await listening;
}

/**
 * Whether an earlier run that was killed has left its socket.
 * @throws if another program listens there, or it is no socket
 */
async function isLeftBehind(path: string): Promise<boolean> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (!found.isSocket()) throw new Error("something that is not a socket is in its place; remove it");
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
  if (code === "EMFILE" || code === "ENFILE" || code === "ENOMEM") throw new Error(`it cannot be tried: ${code}`);
  throw new Error(
    `another program listens there${code === undefined ? "" : ` (${code})`}; is this monitor running twice?`,
  );
}
