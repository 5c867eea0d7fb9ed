import type { Agent, AgentOptions } from "node:http";
import type * as https from "node:https";
import type { Clock } from "../system/clock.ts";
import { OpenStackError, ResponseError, TimeoutError } from "./errors.ts";
import { exchange, type HttpResponse } from "./exchange.ts";
import { isReset, networkError } from "./network-error.ts";
import { type Environment, proxyFor } from "./proxy.ts";
import { shorten } from "./shorten.ts";
import { secureContext, type TlsOptions } from "./tls.ts";

export type { HttpResponse } from "./exchange.ts";

/** Not by `import`: a module namespace reads every export of node:http, and its WebSocket loads 6 MB of undici. */
const http = process.getBuiltinModule("node:http");

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: string;
  /** Whom the URL belongs to, for messages: `Keystone`, `the Masakari API`. */
  readonly peer: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /**
   * May it be sent again when a kept-alive connection turns out to have been closed, although the server might have
   * begun on it? Undefined: GET, PUT and DELETE may, POST may not.
   */
  readonly repeatable?: boolean | undefined;
}

/** Sends requests; knows nothing of tokens. One per session: it holds the open connections. */
export interface Transport {
  /**
   * Any status is a result. The time-out covers the whole of it: a connection from the pool, headers and body.
   * @throws ConnectionError, TimeoutError, TlsError, ResponseError, or the signal's reason
   */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  /** Closes all connections; what is under way fails. */
  close(): void;
}

export interface TransportOptions extends TlsOptions {
  readonly userAgent: string;
  readonly clock: Clock;
  /** ms for one `send`. */
  readonly timeoutMs: number;
  /** Bytes of a body, packed and unpacked. Default 8 MiB: a full page of 1000 hosts is under 1 MB. */
  readonly maxResponseBytes?: number | undefined;
  /** For proxies and CA bundles, as Python's requests reads them. Default: none. */
  readonly environment?: Environment | undefined;
  /** Use the environment's proxy also for this host itself. */
  readonly proxyLoopback?: boolean | undefined;
}

/** More than the dispatcher has in flight, less than would burden an API that hundreds of hosts talk to. */
const maxSockets = 10;
const maxRedirects = 5;

export function createTransport(options: TransportOptions): Transport {
  return new PooledTransport(options);
}

class PooledTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #agents = new Map<string, Agent>();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    signal.throwIfAborted();
    const { clock, timeoutMs } = this.#options;
    const deadline = new AbortController();
    const timer = clock.setTimer(timeoutMs, () => {
      const whom = this.#whom(request.peer, URL.parse(request.url));
      deadline.abort(new TimeoutError(`no answer from ${whom} within ${timeoutMs / 1000} s ([api] timeout)`));
    });
    try {
      return await this.#follow(request, AbortSignal.any([signal, deadline.signal]));
    } finally {
      timer.cancel();
    }
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  /** Redirects keep method and body, as keystoneauth does, but never leave the server or fall back from TLS with our secrets. */
  async #follow(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    let url = parse(request.url, request.peer);
    for (let hop = 0; hop <= maxRedirects; hop += 1) {
      const response = await this.#attempt(request, url, signal);
      const location = response.headers.location;
      if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return response;
      const next = URL.parse(location, url.href);
      if (next === null || !isHttp(next)) {
        throw new ResponseError(
          `${request.peer} at ${url.origin} redirects to what is no http:// or https:// URL: is this the right address?`,
        );
      }
      if (!isSameServer(url, next)) {
        throw new ResponseError(
          `${request.peer} at ${url.origin} redirects to ${shorten(next.origin, 300)}, where our credentials are not sent: if that is right, configure that URL`,
        );
      }
      url = next;
    }
    throw new ResponseError(`${request.peer} at ${url.origin} redirects in a circle`);
  }

  async #attempt(request: HttpRequest, url: URL, signal: AbortSignal): Promise<HttpResponse> {
    const whom = this.#whom(request.peer, url);
    const repeatable = request.repeatable ?? request.method !== "POST";
    for (let retried = false; ; retried = true) {
      const progress = { reused: false, answering: false };
      try {
        return await this.#exchange(request, url, signal, progress);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        // A server closes an idle connection whenever it likes; that this request met it says nothing about the request.
        if (!retried && repeatable && progress.reused && !progress.answering && isReset(error)) {
          this.#dropIdle();
          continue;
        }
        throw networkError(error, whom);
      }
    }
  }

  async #exchange(
    request: HttpRequest,
    url: URL,
    signal: AbortSignal,
    progress: { reused: boolean; answering: boolean },
  ): Promise<HttpResponse> {
    const secure = url.protocol === "https:";
    // node:https costs start-up time and memory that a plain-text deployment need not pay.
    const client: Pick<typeof http, "request"> = secure ? await import("node:https") : http;
    const agent = await this.#agent(url, secure);
    signal.throwIfAborted();
    return await exchange({
      open: () =>
        client.request(url, {
          agent,
          method: request.method,
          headers: {
            "User-Agent": this.#options.userAgent,
            "Accept-Encoding": "gzip, deflate",
            ...request.headers,
            ...(request.body !== undefined && { "Content-Length": String(Buffer.byteLength(request.body)) }),
          },
        }),
      body: request.body,
      maxBytes: this.#options.maxResponseBytes ?? 8 * 1024 * 1024,
      progress,
      signal,
      whom: this.#whom(request.peer, url),
    });
  }

  #proxyFor(url: URL): string | undefined {
    const { environment = {}, proxyLoopback } = this.#options;
    return proxyFor(url, environment, { loopback: proxyLoopback });
  }

  /** Whom we talk to, for messages. A proxy that somebody has forgotten in the environment is the last thing one thinks of. */
  #whom(peer: string, url: URL | null): string {
    if (url === null) return `${peer} at an invalid URL`;
    const proxy = this.#proxyFor(url);
    const through =
      proxy === undefined ? "" : ` (through the proxy ${URL.parse(proxy)?.origin ?? "of the environment"})`;
    return `${peer} at ${url.origin}${through}`;
  }

  async #agent(url: URL, secure: boolean): Promise<Agent> {
    const proxy = this.#proxyFor(url);
    const key = `${url.protocol}${proxy ?? ""}`;
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const proxyUrl = proxy === undefined ? undefined : URL.parse(proxy);
    if (proxyUrl === null || (proxyUrl && !isHttp(proxyUrl))) {
      // Not the URL itself: it may hold a password.
      const variables = `${url.protocol.slice(0, -1)}_proxy or all_proxy`;
      throw new OpenStackError(
        "OPENSTACK_PROXY",
        `the proxy in the environment (${variables}) is no http:// or https:// URL, and no other kind is supported`,
      );
    }
    const pool: AgentOptions & { autoSelectFamilyAttemptTimeout: number } = {
      keepAlive: true,
      maxSockets,
      // An idle connection older than this is more likely closed by the server than of use.
      timeout: 60_000,
      // Node gives each address of a name 250 ms, which a busy controller does not always meet.
      autoSelectFamilyAttemptTimeout: 1000,
      ...(proxy !== undefined && { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } }),
    };
    const agent = secure ? await this.#secureAgent(pool) : new http.Agent(pool);
    const raced = this.#agents.get(key);
    if (raced !== undefined) return raced;
    this.#agents.set(key, agent);
    return agent;
  }

  async #secureAgent(pool: AgentOptions): Promise<https.Agent> {
    const { Agent } = await import("node:https");
    const context = await secureContext(this.#options, this.#options.environment ?? {});
    return new Agent({ ...pool, secureContext: context, rejectUnauthorized: this.#options.insecure !== true });
  }

  /** When one idle connection was stale the others most likely are: a restarted server closed them all. */
  #dropIdle(): void {
    for (const agent of this.#agents.values()) {
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    }
  }
}

function parse(url: string, peer: string): URL {
  const parsed = URL.parse(url);
  if (parsed === null || !isHttp(parsed)) {
    // Not the URL itself: it may hold a password.
    throw new OpenStackError("OPENSTACK_URL", `the URL of ${peer} is not an http:// or https:// URL`);
  }
  return parsed;
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

function isHttp({ protocol }: URL): boolean {
  return protocol === "http:" || protocol === "https:";
}
