import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { freePort } from "../../support/ports.ts";

/** How a load balancer or web server stands before the API. */
export interface FrontOptions {
  /** Only what is below it reaches the API, which does not see it. */
  readonly prefix?: string;
  /** The Host that the API sees, and so writes into the links of its version documents. Default: the client's. */
  readonly host?: string;
  /** The responses given here, by path, without asking the API. */
  readonly fixed?: Readonly<Record<string, FrontResponse>>;
}

export interface FrontResponse {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A reverse proxy on a free loopback port before a real API. */
export class Front {
  readonly origin: string;
  /** `GET /v1`, … as they arrived. */
  readonly requests: string[] = [];
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.origin = `http://127.0.0.1:${port}`;
  }

  static async open(backend: string, options: FrontOptions): Promise<Front> {
    const server = createServer((incoming, outgoing) => {
      front.requests.push(`${incoming.method} ${incoming.url}`);
      pass(incoming, outgoing, new URL(backend), options);
    });
    // When it is closed, its port refuses.
    const port = await freePort();
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    const front: Front = new Front(server, port);
    return front;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

function pass(incoming: IncomingMessage, outgoing: ServerResponse, backend: URL, options: FrontOptions): void {
  const { prefix = "", host, fixed = {} } = options;
  const path = incoming.url ?? "";
  const given = fixed[path] ?? (path.startsWith(prefix) ? undefined : { status: 404, body: "<h1>Not Found</h1>" });
  if (given !== undefined) {
    outgoing.writeHead(given.status, { "Content-Type": "text/html", ...given.headers }).end(given.body ?? "");
    return;
  }
  const headers = { ...incoming.headers, ...(host !== undefined && { host }) };
  const forwarded = request(
    {
      host: backend.hostname,
      port: backend.port,
      method: incoming.method,
      path: path.slice(prefix.length) || "/",
      headers,
    },
    (response) => {
      outgoing.writeHead(response.statusCode ?? 0, response.headers);
      response.pipe(outgoing);
    },
  );
  forwarded.once("error", () => outgoing.destroy());
  incoming.pipe(forwarded);
}
