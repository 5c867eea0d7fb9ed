import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type ServerOptions } from "node:https";

/** A request as it arrived, body and all. */
export interface Arrived {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** Counts connections from 1. */
  readonly connection: number;
}

export type Handler = (request: Arrived, response: ServerResponse) => void | Promise<void>;

/** A server on a free loopback port; its requests are kept. Dispose of it with `await using`. */
export class TestServer implements AsyncDisposable {
  readonly requests: Arrived[] = [];
  readonly origin: string;
  readonly server: Server;

  private constructor(server: Server, origin: string) {
    this.server = server;
    this.origin = origin;
  }

  static async start(handler: Handler, tls?: ServerOptions): Promise<TestServer> {
    const server = tls === undefined ? createServer() : createSecureServer(tls);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no TCP port");
    const test = new TestServer(server, `${tls === undefined ? "http" : "https"}://127.0.0.1:${address.port}`);
    const connections = new Map<object, number>();
    server.on("request", (request, response) => {
      const connection = connections.get(request.socket) ?? connections.size + 1;
      connections.set(request.socket, connection);
      void test.#serve(request, response, connection, handler);
    });
    return test;
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    connection: number,
    handler: Handler,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch {
      // The client was killed before it had sent all of it: such a request has not arrived.
      return;
    }
    const arrived = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: Buffer.concat(chunks).toString("utf8"),
      connection,
    };
    this.requests.push(arrived);
    await handler(arrived, response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}

/** Answers with JSON. */
export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}
