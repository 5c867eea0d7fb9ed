import { randomUUID } from "node:crypto";
import type { Server } from "node:https";
import type { Socket } from "node:net";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { limitConnections } from "./connection-limit.ts";
import { normalizedUrl } from "./url.ts";
import { webobError } from "./webob-error.ts";

/** Largest request body in bytes; oslo.middleware's `max_request_body_size`. */
export const maxBodyBytes = 114688;

/** How long a client may take for its headers, for a whole request, and between two requests, in ms. */
const timeouts = { headers: 10_000, handshake: 10_000, request: 30_000, keepAlive: 75_000, check: 5_000 };

/** How long requests may go on when the server closes, ms. */
const closingMs = 5_000;

/** A certificate, with its chain, and its key; both PEM. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
}

export interface HttpServerOptions {
  /** Default: plain HTTP. */
  readonly tls?: Tls | undefined;
  /** Addresses whose X-Forwarded-… headers say who asks, and how; default nobody's. */
  readonly trustedProxies?: readonly string[] | undefined;
}

/** Connections open at once. */
const maxConnections = 256;

/** Fastify would load a validator and a serializer, with their text most of 1.8 MB, for schemas that no route has. */
const noSchema = () => () => {
  throw new Error("this server's routes have no schemas");
};

/**
 * A fastify server that reads every body as bytes, whatever the content type, and adds nothing of its own to a response:
 * what is accepted and how it is refused is each service's own business.
 */
export function newHttpServer({ tls, trustedProxies = [] }: HttpServerOptions = {}): FastifyInstance {
  const app = fastify({
    ...(tls && { https: { ...tls, handshakeTimeout: timeouts.handshake } as unknown as null }),
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    logger: false,
    schemaController: { compilersFactory: { buildValidator: noSchema, buildSerializer: noSchema } },
    bodyLimit: maxBodyBytes,
    exposeHeadRoutes: false,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    requestTimeout: timeouts.request,
    keepAliveTimeout: timeouts.keepAlive,
    connectionTimeout: timeouts.keepAlive,
    routerOptions: { maxParamLength: 16_384, ignoreDuplicateSlashes: true },
    http: { headersTimeout: timeouts.headers, connectionsCheckingInterval: timeouts.check },
    genReqId: () => `req-${randomUUID()}`,
    clientErrorHandler: refuseBrokenHttp,
    rewriteUrl: ({ url = "/" }) => normalizedUrl(url),
  });
  limitConnections(app.server, maxConnections);
  app.addHook("onRequest", (request, _reply, done) => {
    // An empty type is none at all; fastify would refuse it.
    if (request.headers["content-type"] === "") delete request.headers["content-type"];
    done();
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  return app;
}

/** Closes a server: requests that run may end, up to a time. */
export async function closeHttpServer(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), closingMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}

/** Uses another certificate from the next connection on. @throws Error if it and its key do not fit */
export function renewTls(app: FastifyInstance, tls: Tls): void {
  (app.server as unknown as Server).setSecureContext({ ...tls });
}

/** oslo.middleware's size limit: it looks at the announced length before anything else does. */
export function isAnnouncedTooLarge(request: FastifyRequest): boolean {
  return Number(request.headers["content-length"] ?? 0) > maxBodyBytes;
}

/** Answers 413 as oslo.middleware does. */
export function refuseTooLarge(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const page = webobError(
    request.headers.accept,
    413,
    "Request Entity Too Large",
    `Request is too large. Larger than max_request_body_size (${maxBodyBytes}).`,
  );
  return reply.code(413).header("content-type", page.contentType).send(page.body);
}

/** The request's body; empty if there was none. */
export function bodyOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

/** What fastify found wrong with a body, before a service saw it. */
export function bodyFailure(error: unknown): "too-large" | "media-type" | "unreadable" | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return "too-large";
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") return "media-type";
  if (code === "FST_ERR_CTP_INVALID_CONTENT_LENGTH" || code === "ECONNRESET") return "unreadable";
  return undefined;
}

/** Answers what is not HTTP at all, or came too slowly, with a bare status line. */
function refuseBrokenHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(`HTTP/1.1 ${statusOfBrokenHttp(error.code)}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}

function statusOfBrokenHttp(code: string | undefined): string {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "408 Request Timeout";
  if (code === "HPE_HEADER_OVERFLOW") return "431 Request Header Fields Too Large";
  return "400 Bad Request";
}
