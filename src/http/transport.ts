import type { IncomingMessage } from "node:http";
import type { Clock } from "../system/clock.ts";
import { Agents, type AgentsOptions } from "./agents.ts";
import { RequestError, ResponseError, TimeoutError, TlsError } from "./errors.ts";
import { type Exchange, exchange, type HttpResponse, readWhole } from "./exchange.ts";
import { type LineStream, lineStream } from "./lines.ts";
import { isReset, networkError } from "./network-error.ts";
import { http } from "./node-http.ts";
import { isHttp, redirectOf } from "./redirect.ts";

export type { HttpResponse } from "./exchange.ts";
export type { LineStream } from "./lines.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  /** Whom the URL belongs to, for messages: `Keystone`, `the Masakari API`. */
  readonly peer: string;
  /** Credentials among them; no header is ever part of a message. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /**
   * May it be sent again when a kept-alive connection turns out to have been closed, although the server might have
   * begun on it? Undefined: GET, PUT and DELETE may, POST and PATCH may not.
   */
  readonly repeatable?: boolean | undefined;
  /** ms, in place of the transport's. */
  readonly timeoutMs?: number | undefined;
}

/** A request whose response is read line by line. `timeoutMs` covers it up to the response's headers. */
export interface StreamRequest extends HttpRequest {
  /** ms without a byte from the server after which the connection counts as dead. */
  readonly idleTimeoutMs: number;
  /** Default 4 MiB: more than the largest object of a Kubernetes API. */
  readonly maxLineBytes?: number | undefined;
}

/** Sends requests; knows nothing of logins. It holds the open connections. */
export interface Transport {
  /**
   * Any status is a result. The time-out covers the whole of it: a connection from the pool, headers and body.
   * @throws ConnectionError, TimeoutError, TlsError, ResponseError, RequestError, or the signal's reason
   */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  /**
   * A 2xx is a stream of lines, which the signal ends if nobody reads it to its end; any other status is a whole response.
   * @throws as `send`
   */
  stream(request: StreamRequest, signal: AbortSignal): Promise<LineStream | HttpResponse>;
  /** Closes all connections; what is under way fails. */
  close(): void;
}

export interface TransportOptions extends AgentsOptions {
  readonly userAgent: string;
  readonly clock: Clock;
  /** ms for one `send`. */
  readonly timeoutMs: number;
  /** Bytes of a whole body, compressed and decompressed. Default 8 MiB: a full page of 1000 hosts is under 1 MB. */
  readonly maxResponseBytes?: number | undefined;
}

/** One `send` or `stream`. */
interface Call<T> {
  readonly request: HttpRequest;
  /** Streams have connections of their own. */
  readonly purpose: "request" | "stream";
  readonly signal: AbortSignal;
  /** Makes the result of a response. */
  readonly read: (response: IncomingMessage, server: string) => Promise<T>;
}

type Head = Pick<HttpResponse, "status" | "headers">;

const defaultResponseBytes = 8 * 1024 * 1024;
const defaultLineBytes = 4 * 1024 * 1024;
const maxRedirects = 5;

export function createTransport(options: TransportOptions): Transport {
  return new PooledTransport(options);
}

class PooledTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #agents: Agents;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#agents = new Agents(options);
  }

  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    return await this.#withDeadline({
      request,
      purpose: "request",
      signal,
      read: async (response, server) => await readWhole(response, this.#maxBytes, server),
    });
  }

  async stream(request: StreamRequest, signal: AbortSignal): Promise<LineStream | HttpResponse> {
    const { clock, optionNames = {} } = this.#options;
    const { idleTimeoutMs, maxLineBytes = defaultLineBytes } = request;
    const read = async (response: IncomingMessage, server: string): Promise<LineStream | HttpResponse> => {
      const { statusCode = 0 } = response;
      if (statusCode < 200 || statusCode >= 300) return await readWhole(response, this.#maxBytes, server);
      const explain = (error: unknown): Error => networkError(error, server, optionNames);
      return lineStream(response, { clock, idleTimeoutMs, maxLineBytes, signal, server, explain });
    };
    return await this.#withDeadline({ request, purpose: "stream", signal, read });
  }

  close(): void {
    this.#agents.close();
  }

  get #maxBytes(): number {
    return this.#options.maxResponseBytes ?? defaultResponseBytes;
  }

  async #withDeadline<T extends Head>(call: Call<T>): Promise<T> {
    const { request, signal } = call;
    signal.throwIfAborted();
    const { clock, optionNames } = this.#options;
    const timeoutMs = request.timeoutMs ?? this.#options.timeoutMs;
    const option = request.timeoutMs === undefined ? optionNames?.timeout : undefined;
    const deadline = new AbortController();
    const timer = clock.setTimer(timeoutMs, () => {
      const server = this.#server(request.peer, URL.parse(request.url));
      const which = option === undefined ? "" : ` (${option})`;
      deadline.abort(new TimeoutError(`no response from ${server} within ${timeoutMs / 1000} s${which}`));
    });
    try {
      return await this.#follow({ ...call, signal: AbortSignal.any([signal, deadline.signal]) });
    } finally {
      timer.cancel();
    }
  }

  /** Redirects keep method and body, as keystoneauth does. */
  async #follow<T extends Head>(call: Call<T>): Promise<T> {
    const { peer } = call.request;
    let url = parse(call.request.url, peer);
    for (let hop = 0; hop <= maxRedirects; hop += 1) {
      const response = await this.#attempt(call, url);
      const next = redirectOf(response, url, peer);
      if (next === undefined) return response;
      url = next;
    }
    throw new ResponseError(`${peer} at ${url.origin} redirects in a loop`);
  }

  async #attempt<T>(call: Call<T>, url: URL): Promise<T> {
    const { request, signal } = call;
    const repeatable = request.repeatable ?? !["POST", "PATCH"].includes(request.method);
    for (let retried = false; ; retried = true) {
      const progress = { reused: false, responding: false };
      try {
        return await this.#exchange(call, url, progress);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        // A server closes an idle connection whenever it likes; that this request met it has nothing to do with the request.
        if (!retried && repeatable && progress.reused && !progress.responding && isReset(error)) {
          this.#agents.dropIdle();
          continue;
        }
        const failure = networkError(error, this.#server(request.peer, url), this.#options.optionNames ?? {});
        if (failure instanceof TlsError) this.#agents.dropCertificates();
        throw failure;
      }
    }
  }

  async #exchange<T>(call: Call<T>, url: URL, progress: Exchange<T>["progress"]): Promise<T> {
    const { request, purpose, signal, read } = call;
    // node:https costs start-up time and memory that a plain-text deployment need not pay.
    const client: Pick<typeof http, "request"> = url.protocol === "https:" ? await import("node:https") : http;
    const agent = await this.#agents.agentFor(url, purpose);
    signal.throwIfAborted();
    return await exchange({
      open: () =>
        client.request(url, {
          agent,
          method: request.method,
          headers: {
            "User-Agent": this.#options.userAgent,
            // A compressed stream would come in blocks, each long after its first line.
            "Accept-Encoding": purpose === "stream" ? "identity" : "gzip, deflate",
            ...request.headers,
            ...(request.body !== undefined && { "Content-Length": String(Buffer.byteLength(request.body)) }),
          },
        }),
      body: request.body,
      read: async (response) => await read(response, this.#server(request.peer, url)),
      progress,
      signal,
    });
  }

  /** The server, for messages. A proxy that somebody has forgotten in the environment is the last thing one thinks of. */
  #server(peer: string, url: URL | null): string {
    if (url === null) return `${peer} at an invalid URL`;
    const proxy = this.#agents.proxyFor(url);
    const through =
      proxy === undefined ? "" : ` (through the proxy ${URL.parse(proxy)?.origin ?? "of the environment"})`;
    return `${peer} at ${url.origin}${through}`;
  }
}

function parse(url: string, peer: string): URL {
  const parsed = URL.parse(url);
  // Not the URL itself: it may hold a password.
  if (parsed === null || !isHttp(parsed))
    throw new RequestError(`the URL of ${peer} is not an http:// or https:// URL`);
  return parsed;
}
