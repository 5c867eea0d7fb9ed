import { HttpError } from "../../http/errors.ts";
import { shorten } from "../../http/shorten.ts";
import type { HttpResponse, Transport } from "../../http/transport.ts";
import type { AgentAddress, Network } from "./networks.ts";
import { type Member, type NodeHealth, NotUnderstoodError, parseHealth, parseMembers } from "./responses.ts";

/** What one agent returned at one look. */
export type AgentLook =
  | {
      readonly kind: "usable";
      /** This host's name in this cluster. */
      readonly ownName: string;
      readonly members: ReadonlyMap<string, Member>;
      /** By the servers, asked after the members. */
      readonly health: ReadonlyMap<string, NodeHealth>;
    }
  | {
      readonly kind: "unusable";
      /** The agent responds, but no server with a leader did, or it has this host as failed: it may be this host that is cut off. */
      readonly isCutOff: boolean;
      readonly reason: string;
    };

/** What the servers know, and where to wait for a change of it. */
export interface HealthResponse {
  readonly health: ReadonlyMap<string, NodeHealth>;
  /** Consul's `X-Consul-Index`. */
  readonly index: number;
}

/** The states of nodes only: the other checks of a cloud may be thousands. */
const HEALTH = `/v1/health/state/any?${new URLSearchParams({ filter: 'CheckID == "serfHealth" or CheckID == "_node_maintenance"' })}`;
/** Consul adds up to a sixteenth of it at random. */
const WAIT_MS = 60_000;
const LONGEST_WAIT_MS = WAIT_MS * (17 / 16);

/** A problem that is not of the connection: the response cannot be used. */
class UnusableResponse extends Error {
  readonly code = "CONSUL_UNUSABLE";
}

/** The local agent of one network's Consul cluster. */
export class ConsulAgent {
  readonly network: Network;
  readonly #address: AgentAddress;
  readonly #transport: Transport;
  readonly #timeoutMs: number;

  /** @param timeoutMs the transport's, for one request */
  constructor(address: AgentAddress, transport: Transport, timeoutMs: number) {
    this.network = address.network;
    this.#address = address;
    this.#transport = transport;
    this.#timeoutMs = timeoutMs;
  }

  /** @param ownNames what this host may be called, the likeliest first. @throws only the signal's reason */
  async look(ownNames: readonly string[], signal: AbortSignal): Promise<AgentLook> {
    let isCutOff = false;
    try {
      const members = await this.members(signal);
      const ownName = ownNameIn(members, ownNames);
      // The members are what this agent believes, also while its link is cut: only a server's response shows that it is not.
      isCutOff = true;
      const { health } = readHealth(await this.#get(HEALTH, signal));
      checkOwnHealth(health.get(ownName));
      return { kind: "usable", ownName, members, health };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      return { kind: "unusable", isCutOff, reason: reasonOf(error) };
    }
  }

  /** What this agent believes. @throws HttpError, NotUnderstoodError, UnusableResponse, or the signal's reason */
  async members(signal: AbortSignal): Promise<ReadonlyMap<string, Member>> {
    return parseMembers((await this.#get("/v1/agent/members", signal)).body);
  }

  /**
   * Waits until something has changed after `index`, at most about a minute; 0 does not wait.
   * @throws HttpError, NotUnderstoodError, UnusableResponse, or the signal's reason
   */
  async nextHealth(index: number, signal: AbortSignal): Promise<HealthResponse> {
    const path = `${HEALTH}&index=${index}&wait=${WAIT_MS / 1000}s`;
    return readHealth(await this.#get(path, signal, LONGEST_WAIT_MS + this.#timeoutMs));
  }

  async #get(path: string, signal: AbortSignal, timeoutMs?: number): Promise<HttpResponse> {
    const { network, origin, token } = this.#address;
    const response = await this.#transport.send(
      {
        method: "GET",
        url: `${origin}${path}`,
        peer: `the Consul agent of the ${network} network`,
        headers: { Accept: "application/json", ...(token !== undefined && { "X-Consul-Token": token }) },
        timeoutMs,
      },
      signal,
    );
    if (response.status !== 200) throw new UnusableResponse(refusal(response, network));
    return response;
  }
}

function readHealth({ headers, body }: HttpResponse): HealthResponse {
  if (headers["x-consul-knownleader"] !== "true") throw new UnusableResponse("its cluster has no leader");
  const index = Number(headers["x-consul-index"]);
  return { health: parseHealth(body), index: Number.isSafeInteger(index) && index > 0 ? index : 0 };
}

function ownNameIn(members: ReadonlyMap<string, Member>, ownNames: readonly string[]): string {
  if (members.size === 0)
    throw new UnusableResponse('it lists no members: the token needs node_prefix "" { policy = "read" }');
  const name = ownNames.find((candidate) => members.has(candidate));
  if (name !== undefined) return name;
  throw new UnusableResponse(
    `this host (${ownNames[0]}) is not among its members: set the agent's node_name to [DEFAULT] hostname or map it with [host] host_names, ` +
      'and give the token node_prefix "" { policy = "read" }',
  );
}

function checkOwnHealth(own: NodeHealth | undefined): void {
  if (own?.serf === "passing") return;
  throw new UnusableResponse(
    own === undefined
      ? "its cluster does not know this host: its agent is joining, or the token may not read it"
      : "its cluster lists this host as failed",
  );
}

/** Consul's errors are one line of plain text. */
function refusal({ status, body }: HttpResponse, network: Network): string {
  const text = shorten(body.subarray(0, 400).toString("utf8"), 200);
  const stated = `it returned ${status}${text === "" ? "" : `: ${text}`}`;
  if (status === 401 || status === 403) return `${stated}; check [consul] token or token_${network}`;
  return status === 400 && text.includes("HTTPS server") ? `${stated} Set [consul] scheme = https` : stated;
}

function reasonOf(error: unknown): string {
  if (error instanceof NotUnderstoodError) return `its response is not understood: ${error.message}`;
  if (error instanceof HttpError || error instanceof UnusableResponse) return error.message;
  throw error;
}
