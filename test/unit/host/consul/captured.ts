import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { ConsulAgent } from "../../../../src/host/consul/agent.ts";
import { Looker } from "../../../../src/host/consul/look.ts";
import { defaultMatrix, type Matrix } from "../../../../src/host/consul/matrix.ts";
import { NETWORKS, type Network } from "../../../../src/host/consul/networks.ts";
import type { ClusterObservation, HostObservation } from "../../../../src/host/driver.ts";
import type { Transport } from "../../../../src/http/transport.ts";
import type { Clock, Timer } from "../../../../src/system/clock.ts";
import { systemClock } from "../../../../src/system/system-clock.ts";
import { type Arrived, TestServer } from "../../../support/http-server.ts";
import { never, transportWith } from "../../../support/transport.ts";

const folder = fileURLToPath(new URL("../../../fixtures/consul/consul-1.8.7", import.meta.url));

/** What an agent responds with: a captured response by its name, or nothing at all. */
export type ResponseName = string | "never";

interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A captured response, e.g. of `01-alive-members`. */
export function captured(name: string): Response {
  const [, response = ""] = readFileSync(`${folder}/${name}.txt`, "utf8").split("<<< response\n");
  const [head = "", ...body] = response.split("\n\n");
  const [statusLine = "", ...fields] = head.split("\n");
  const headers = fields.map((field) => field.split(/: (.*)/s, 2) as [string, string]);
  const kept = headers.filter(([field]) => field !== "Content-Length" && field !== "Date");
  return {
    status: Number(statusLine.split(" ")[1]),
    headers: Object.fromEntries(kept),
    body: body.join("\n\n").replace(/\n$/, ""),
  };
}

/** The responses of the agents of all networks; each can be changed. */
export interface Responses {
  members: ResponseName;
  health: ResponseName;
}

export const ALIVE: Responses = { members: "01-alive-members", health: "01-alive-health" };
export const FAILED: Responses = { members: "02-failed-members", health: "02-failed-health" };

const TIMEOUT_MS = 2000;

/** The time limits of one agent's requests: they are over when the agent does not answer, however busy the machine is. */
class TimeLimits implements Clock {
  readonly #pending = new Set<() => void>();
  readonly now = () => systemClock.now();
  readonly sleep = (ms: number, signal: AbortSignal) => systemClock.sleep(ms, signal);

  setTimer(_delayMs: number, callback: () => void): Timer {
    this.#pending.add(callback);
    return { cancel: () => this.#pending.delete(callback) };
  }

  expire(): void {
    for (const callback of [...this.#pending]) callback();
  }
}

/** Three agents that give captured responses over HTTP, and looks at them from host1. Dispose of it with `await using`. */
export class CapturedConsul implements AsyncDisposable {
  readonly responses: Record<Network, Responses> = {
    manage: { ...ALIVE },
    tenant: { ...ALIVE },
    storage: { ...ALIVE },
  };
  readonly looker: Looker;
  readonly #servers: Readonly<Record<Network, TestServer>>;
  readonly #limits = { manage: new TimeLimits(), tenant: new TimeLimits(), storage: new TimeLimits() };
  readonly #transports: readonly Transport[];

  private constructor(
    servers: Readonly<Record<Network, TestServer>>,
    matrix: Matrix,
    hostname: string,
    token: string | undefined,
  ) {
    this.#servers = servers;
    const transports = matrix.sequence.map((network) => transportWith({ clock: this.#limits[network] }));
    this.#transports = transports;
    const agents = transports.map((transport, index) => {
      const network = matrix.sequence[index] ?? "manage";
      return new ConsulAgent({ network, origin: servers[network].origin, token }, transport, TIMEOUT_MS);
    });
    this.looker = new Looker({ clock: systemClock, matrix, agents, ownNames: () => [hostname] });
  }

  static async start({
    matrix = defaultMatrix(NETWORKS),
    hostname = "host1",
    token = undefined as string | undefined,
  } = {}): Promise<CapturedConsul> {
    const servers = await Promise.all(
      NETWORKS.map(async (network) => [
        network,
        await TestServer.start((request, response) => consul.#respond(network, request, response)),
      ]),
    );
    const consul: CapturedConsul = new CapturedConsul(Object.fromEntries(servers), matrix, hostname, token);
    return consul;
  }

  /** The requests that an agent got. */
  requestsTo(network: Network): readonly Arrived[] {
    return this.#servers[network].requests;
  }

  /** Changes what all agents respond with. */
  all(responses: Responses): void {
    for (const network of NETWORKS) this.responses[network] = { ...responses };
  }

  /** The agent's process is gone: connections are refused. */
  async stop(network: Network): Promise<void> {
    await this.#servers[network][Symbol.asyncDispose]();
  }

  async look(): Promise<ClusterObservation> {
    return await this.looker.look(never);
  }

  async host(name: string): Promise<HostObservation | undefined> {
    return (await this.look()).hosts.find((host) => host.name === name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const transport of this.#transports) transport.close();
    for (const server of Object.values(this.#servers)) if (server.server.listening) await server[Symbol.asyncDispose]();
  }

  #respond(network: Network, { path }: Arrived, response: ServerResponse): void {
    const name = this.responses[network][path === "/v1/agent/members" ? "members" : "health"];
    if (name === "never") {
      this.#limits[network].expire();
      return;
    }
    const { status, headers, body } = captured(name);
    response.writeHead(status, headers);
    response.end(body);
  }
}
