import { basicAuthorization, bearerAuthorization } from "../../http/authorization.ts";
import { createTransport, type HttpResponse, type LineStream, type Transport } from "../../http/transport.ts";
import type { Clock } from "../../system/clock.ts";
import type { Access } from "./access.ts";
import { ApiError } from "./errors.ts";
import { type Node, parseNodePage, parseStatus, parseWatchEvent, type WatchEvent } from "./nodes.ts";

/** All nodes that a selector matches, at one moment. */
export interface NodeList {
  readonly nodes: readonly Node[];
  /** A watch begins here. */
  readonly resourceVersion: string;
  /** The server's clock when it began to respond, ms since the epoch, whole seconds; undefined if it did not state it. */
  readonly serverTime: number | undefined;
}

export interface ClientParts {
  readonly clock: Clock;
  /** @throws AccessError */
  readonly readAccess: () => Promise<Access>;
}

const PEER = "the Kubernetes API";
/** A healthy server takes under 0.1 s for a page. */
const REQUEST_MS = 10_000;
/** Nodes of a page: with all their images 60 kB each. */
const PAGE = 100;
/** So many nodes are beyond what Kubernetes supports (5,000); a server that never ends its pages must not fill the memory. */
const MOST_PAGES = 200;
/** s after which the server is to end a watch. */
const WATCH_S = 1800;
/** Bookmarks come about every 60 s: without any the server hangs, or something in between has dropped the connection. ms */
const IDLE_MS = 90_000;
const LONGEST_RETRY_AFTER_S = 60;

interface Connection {
  readonly access: Access;
  readonly identity: string;
  readonly transport: Transport;
}

/** Asks the API server about nodes. Files with credentials are read again before each list, as they are replaced from time to time. */
export class ApiClient {
  readonly #parts: ClientParts;
  #connection: Connection | undefined;

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  /** Whether the certificate of the server in use is not checked. */
  get isInsecure(): boolean {
    return this.#connection?.access.tls.insecure ?? false;
  }

  /** Every node that the selector matches. @throws ApiError, AccessError, HttpError, or the signal's reason */
  async list(selector: string, signal: AbortSignal): Promise<NodeList> {
    try {
      return await this.#pages(selector, signal);
    } catch (error) {
      // The pages of a list end when the server forgets its moment (5 min): the list starts again.
      if (!(error instanceof ApiError) || error.status !== 410) throw error;
      return await this.#pages(selector, signal);
    }
  }

  /** Asks for one node, from the server's database: whether it answers. @throws as `list` @returns the server's clock */
  async check(selector: string, signal: AbortSignal): Promise<number | undefined> {
    const { serverTime } = await this.#page({ labelSelector: selector, limit: "1" }, signal);
    return serverTime;
  }

  /**
   * What changes after `resourceVersion`. It ends when the server ends it.
   * @throws as `list`; while it is read also TimeoutError when nothing, not even a bookmark, has come for 90 s
   */
  async watch(selector: string, resourceVersion: string, signal: AbortSignal): Promise<AsyncGenerator<WatchEvent>> {
    const parameters = {
      labelSelector: selector,
      watch: "1",
      resourceVersion,
      allowWatchBookmarks: "true",
      timeoutSeconds: String(WATCH_S),
    };
    const { transport, access } = await this.#connect();
    const request = { ...requestOf(access, parameters), idleTimeoutMs: IDLE_MS };
    const response = await transport.stream(request, signal);
    if ("body" in response) throw errorOf(response);
    return eventsOf(response);
  }

  close(): void {
    this.#connection?.transport.close();
    this.#connection = undefined;
  }

  async #pages(selector: string, signal: AbortSignal): Promise<NodeList> {
    const nodes: Node[] = [];
    const parameters = { labelSelector: selector, limit: String(PAGE) };
    const first = await this.#page(parameters, signal);
    nodes.push(...first.nodes);
    let { next, resourceVersion } = first;
    for (let page = 1; next !== undefined; page += 1) {
      if (page === MOST_PAGES) throw new ApiError(0, `its list of nodes has more than ${MOST_PAGES} pages`);
      const more = await this.#page({ ...parameters, continue: next }, signal);
      nodes.push(...more.nodes);
      ({ next, resourceVersion } = more);
    }
    return { nodes, resourceVersion, serverTime: first.serverTime };
  }

  async #page(parameters: Readonly<Record<string, string>>, signal: AbortSignal) {
    let connection = await this.#connect();
    let response = await connection.transport.send(requestOf(connection.access, parameters), signal);
    if (response.status === 401) {
      const before = connection.identity;
      connection = await this.#connect();
      if (connection.identity !== before) {
        response = await connection.transport.send(requestOf(connection.access, parameters), signal);
      }
    }
    if (response.status !== 200) throw errorOf(response);
    const page = parseNodePage(response.body.toString("utf8"));
    if (page === undefined)
      throw new ApiError(0, "its list of nodes is not understood; is it a Kubernetes API server?");
    const serverTime = Date.parse(response.headers.date ?? "");
    return { ...page, serverTime: Number.isNaN(serverTime) ? undefined : serverTime };
  }

  /** The connections are kept for as long as server and credentials are the same. */
  async #connect(): Promise<Connection> {
    const access = await this.#parts.readAccess();
    const identity = JSON.stringify(access);
    if (this.#connection?.identity === identity) return this.#connection;
    // An open watch goes on with the connection that it has.
    const transport = createTransport({
      optionNames: {
        cafile: "certificate-authority of the kubeconfig",
        certfile: "client-certificate of the kubeconfig",
        keyfile: "client-key of the kubeconfig",
      },
      ...access.tls,
      userAgent: "masakari-hostmonitor masakari-monitors-ts",
      clock: this.#parts.clock,
      timeoutMs: REQUEST_MS,
      ...(access.proxy !== undefined && { environment: { http_proxy: access.proxy, https_proxy: access.proxy } }),
    });
    this.#connection = { access, identity, transport };
    return this.#connection;
  }
}

function requestOf({ server, credentials }: Access, parameters: Readonly<Record<string, string>>) {
  const used = Object.entries(parameters).filter(([, value]) => value !== "");
  const query = new URLSearchParams(used);
  const authorization =
    credentials.kind === "token"
      ? bearerAuthorization(credentials.token).headers
      : credentials.kind === "basic"
        ? basicAuthorization(credentials.username, credentials.password).headers
        : {};
  return {
    method: "GET",
    url: `${server}/api/v1/nodes?${query}`,
    peer: PEER,
    headers: { Accept: "application/json", ...authorization },
  } as const;
}

async function* eventsOf({ lines }: LineStream): AsyncGenerator<WatchEvent> {
  for await (const line of lines) {
    if (line === "") continue;
    const event = parseWatchEvent(line);
    if (event === undefined) throw new ApiError(0, "a line of its watch is not understood");
    yield event;
  }
}

const ADVICE: Readonly<Record<number, string>> = {
  400: "check [kubernetes] monitoring_node_labels",
  401: "the token or the client certificate is unknown to it or has expired; its own log has the reason",
  403: "give the service account the right to list and watch nodes (docs/host-kubernetes.md)",
  404: "is it a Kubernetes API server?",
};

function errorOf({ status, headers, body }: HttpResponse): ApiError {
  const stated = parseStatus(body.subarray(0, 65_536).toString("utf8"))?.message;
  const advice = ADVICE[status];
  const parts = [`it returned ${status}`, ...(stated ? [`: ${stated}`] : []), ...(advice ? [`; ${advice}`] : [])];
  const seconds = Number(headers["retry-after"]);
  const retryAfterMs = seconds > 0 ? Math.min(seconds, LONGEST_RETRY_AFTER_S) * 1000 : undefined;
  return new ApiError(status, parts.join(""), retryAfterMs);
}
