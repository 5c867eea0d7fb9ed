import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "./eventually.ts";
import { freePort } from "./ports.ts";

/** One request and what became of it. Names and values of headers are as on the wire: order, case, repetitions. */
export interface Exchange {
  /** `performance.now()` of this process when the request's head had been read. */
  readonly arrivedAt: number;
  readonly method: string;
  readonly path: string;
  readonly httpVersion: string;
  /** name, value, name, value, … */
  readonly rawHeaders: readonly string[];
  /** Complete once the exchange has ended. */
  body: string;
  /** What the backend (or the proxy in its stead) responded; undefined as long as nobody has. */
  response: ProxiedResponse | undefined;
  /** Whether the response was passed on to the client. */
  passedOn: boolean;
}

export interface ProxiedResponse {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** What the proxy does with a request. */
export type Behaviour =
  | { readonly kind: "pass"; readonly delayMs?: number }
  /** Reads the request and never answers it, nor passes it on. */
  | { readonly kind: "hang" }
  /** The backend does it, the client never hears of it: the connection breaks. */
  | { readonly kind: "drop-response" }
  | { readonly kind: "respond"; readonly status: number; readonly contentType: string; readonly body: string };

export const pass: Behaviour = { kind: "pass" };
export const hang: Behaviour = { kind: "hang" };
export const dropResponse: Behaviour = { kind: "drop-response" };
export const respondJson = (status: number, body: unknown): Behaviour => ({
  kind: "respond",
  status,
  contentType: "application/json",
  body: JSON.stringify(body),
});
/** As masakari-api's middleware answers whoever sends `Accept: *\/*`. */
export const respondHtml = (status: number, title: string): Behaviour => ({
  kind: "respond",
  status,
  contentType: "text/html; charset=UTF-8",
  body: `<html>\n <head>\n  <title>${status} ${title}</title>\n </head>\n <body>\n  <h1>${status} ${title}</h1>\n </body>\n</html>`,
});

type Choose = (exchange: Exchange) => Behaviour;

/** A loopback reverse proxy that records every exchange, and on command behaves as badly as real networks do. */
export class RecordingProxy {
  readonly exchanges: Exchange[] = [];
  /** The most connections that there were at one time; may be set back. */
  mostConnections = 0;
  #backend: URL;
  #server: Server | undefined;
  #port = 0;
  #sockets = new Set<Socket>();
  #choose: Choose = () => pass;
  #next: { matches: (exchange: Exchange) => boolean; behaviour: Behaviour }[] = [];
  #closing = new AbortController();

  /** @param backend base URL whose path is ignored: requests keep theirs */
  constructor(backend: string) {
    this.#backend = new URL(backend);
  }

  get port(): number {
    return this.#port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens; after `refuse()` on the same port again, which nobody else has had meanwhile. */
  async listen(): Promise<void> {
    if (this.#port === 0) this.#port = await freePort();
    const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 }, (incoming, outgoing) => {
      void this.#handle(incoming, outgoing);
    });
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      this.mostConnections = Math.max(this.mostConnections, this.#sockets.size);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#server = server;
  }

  /** From now on connections are refused, and those that there were are broken. */
  async refuse(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(server, "close");
  }

  /** Behaves again, forgets what was planned and recorded, and breaks the connections that hang. */
  async reset(): Promise<void> {
    await this.refuse();
    this.#choose = () => pass;
    this.#next = [];
    this.exchanges.length = 0;
    await this.listen();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.refuse();
  }

  /** What to do with every request from now on. Requests that hang already, hang on. */
  behave(behaviour: Behaviour | Choose): void {
    this.#choose = typeof behaviour === "function" ? behaviour : () => behaviour;
  }

  /** What to do once, with the next request that matches. */
  once(matches: (exchange: Exchange) => boolean, behaviour: Behaviour): void {
    this.#next.push({ matches, behaviour });
  }

  /** The exchanges recorded since `from` (an earlier `exchanges.length`) that match. */
  matching(matches: (exchange: Exchange) => boolean, from = 0): Exchange[] {
    return this.exchanges.slice(from).filter(matches);
  }

  /** Waits for an exchange, already recorded or to come, that matches. */
  async seen(doing: string, withinMs: number, matches: (exchange: Exchange) => boolean, from = 0): Promise<Exchange> {
    return await eventually(doing, withinMs, () => this.exchanges.slice(from).find(matches), 5);
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const exchange: Exchange = {
      arrivedAt: performance.now(),
      method: incoming.method ?? "",
      path: incoming.url ?? "",
      httpVersion: incoming.httpVersion,
      rawHeaders: incoming.rawHeaders,
      body: "",
      response: undefined,
      passedOn: false,
    };
    this.exchanges.push(exchange);
    const gone = new AbortController();
    outgoing.once("close", () => gone.abort());
    try {
      exchange.body = await text(incoming);
      const behaviour = this.#behaviourFor(exchange);
      if (behaviour.kind === "hang") return;
      if (behaviour.kind === "respond") {
        exchange.response = {
          status: behaviour.status,
          rawHeaders: [
            ...["Content-Type", behaviour.contentType],
            ...["Content-Length", String(Buffer.byteLength(behaviour.body))],
          ],
          body: behaviour.body,
        };
      } else {
        if (behaviour.kind === "pass" && behaviour.delayMs !== undefined) {
          await sleep(behaviour.delayMs, undefined, { signal: AbortSignal.any([gone.signal, this.#closing.signal]) });
        }
        exchange.response = await this.#forward(exchange);
        if (behaviour.kind === "drop-response") {
          outgoing.destroy();
          return;
        }
      }
      outgoing.sendDate = false;
      outgoing.writeHead(exchange.response.status, [...exchange.response.rawHeaders]);
      outgoing.end(exchange.response.body);
      exchange.passedOn = !outgoing.destroyed;
    } catch {
      // The client or the backend went away: whoever is still there sees a broken connection, as without a proxy.
      outgoing.destroy();
    }
  }

  #behaviourFor(exchange: Exchange): Behaviour {
    const index = this.#next.findIndex(({ matches }) => matches(exchange));
    if (index === -1) return this.#choose(exchange);
    const [planned] = this.#next.splice(index, 1);
    return planned?.behaviour ?? pass;
  }

  async #forward(exchange: Exchange): Promise<ProxiedResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    // Headers as an array go out as they are; the Host that the client wrote stays, as behind any reverse proxy.
    const outgoing = request(
      {
        host: this.#backend.hostname,
        port: this.#backend.port,
        method: exchange.method,
        path: exchange.path,
        headers: exchange.rawHeaders,
        agent: false,
      },
      resolve,
    );
    outgoing.once("error", reject);
    outgoing.end(exchange.body);
    const response = await promise;
    const body = await text(response);
    return { status: response.statusCode ?? 0, rawHeaders: response.rawHeaders, body };
  }
}

async function text(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** The value of a header in a raw list, the name in any case; undefined if it is not there. */
export function header(rawHeaders: readonly string[], name: string): string | undefined {
  const at = rawHeaders.findIndex((word, index) => index % 2 === 0 && word.toLowerCase() === name.toLowerCase());
  return at === -1 ? undefined : rawHeaders[at + 1];
}
