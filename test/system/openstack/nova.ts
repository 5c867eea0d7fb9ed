import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";

export interface StubNova {
  /** Base URL for the catalogue's `compute` entry. */
  readonly url: string;
  stop(): Promise<void>;
}

interface ComputeService {
  readonly id: string;
  readonly binary: "nova-compute";
  readonly host: string;
  readonly zone: "nova";
  readonly state: "up";
  readonly updated_at: string;
  status: string;
  disabled_reason: string | null;
  forced_down: boolean;
}

/**
 * The few calls that Masakari makes to Nova (compute v2.1) when a host is registered and when a process has failed;
 * state in memory, tokens not looked at. Every host has a nova-compute, but for names that begin with `nohost`.
 */
export async function startStubNova(): Promise<StubNova> {
  const services = new Map<string, ComputeService>();

  const serviceOf = (host: string): ComputeService => {
    const known = services.get(host);
    if (known !== undefined) return known;
    // From microversion 2.53 on Nova's ids of services are UUIDs, and novaclient checks.
    const id = `00000000-0000-4000-8000-${String(services.size + 1).padStart(12, "0")}`;
    const made: ComputeService = {
      id,
      binary: "nova-compute",
      host,
      zone: "nova",
      state: "up",
      updated_at: "2024-01-01T00:00:00.000000",
      status: "enabled",
      disabled_reason: null,
      forced_down: false,
    };
    services.set(host, made);
    return made;
  };

  const route = (method: string, url: URL, body: string): [status: number, result: unknown] => {
    const version = {
      id: "v2.1",
      status: "CURRENT",
      version: "2.53",
      min_version: "2.1",
      updated: "2013-07-23T11:33:21Z",
      links: [{ rel: "self", href: new URL("/v2.1/", url).href }],
    };
    const path = url.pathname.replace(/\/$/, "");
    if (path === "") return [300, { versions: [version] }];
    if (path === "/v2.1") return [200, { version }];
    if (path === "/v2.1/os-services" && method === "GET") {
      const host = url.searchParams.get("host");
      if (host === null) return [200, { services: [...services.values()] }];
      return [200, { services: host.startsWith("nohost") ? [] : [serviceOf(host)] }];
    }
    const id = /^\/v2\.1\/os-services\/([^/]+)$/.exec(path)?.[1];
    const service = [...services.values()].find((candidate) => candidate.id === id);
    if (service !== undefined && method === "PUT") {
      Object.assign(service, JSON.parse(body));
      return [200, { service }];
    }
    return [404, { itemNotFound: { code: 404, message: `the stub has no ${method} ${path}` } }];
  };

  const server = createServer((request, response) => {
    const respond = (body: string): void => {
      const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "127.0.0.1"}`);
      const [status, result] = route(request.method ?? "GET", url, body);
      const json = JSON.stringify(result);
      response.writeHead(status, {
        "Content-Type": "application/json",
        "Content-Length": Buffer.byteLength(json),
        "OpenStack-API-Version": "compute 2.53",
        "X-OpenStack-Nova-API-Version": "2.53",
      });
      response.end(json);
    };
    // A service that ends while it sends has no use for a response.
    text(request).then(respond, () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  return {
    url: `http://127.0.0.1:${address.port}/v2.1`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function text(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
