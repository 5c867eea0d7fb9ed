import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClusterObservation, DriverConfig, HostDriver } from "../../../../src/host/driver.ts";
import { createDriver } from "../../../../src/host/kubernetes/driver.ts";
import { eventually } from "../../../support/eventually.ts";
import { type Arrived, TestServer } from "../../../support/http-server.ts";
import { KeptLog } from "../../../support/kept-log.ts";
import { VirtualClock } from "../../../support/virtual-clock.ts";
import { type CapturedResponse, response } from "./captures.ts";

/** How the server answers one request; nothing: it hangs. */
export type Respond = (http: ServerResponse, request: Arrived) => void;

/** A captured response, as it came. */
export function captured(name: string): Respond {
  return respondWith(response(name));
}

export function respondWith({ status, headers, body }: CapturedResponse): Respond {
  const { Date: date, "Content-Type": type, "Retry-After": retry } = headers;
  const sent = {
    ...(date && { Date: date }),
    ...(type && { "Content-Type": type }),
    ...(retry && { "Retry-After": retry }),
  };
  return (http) => http.writeHead(status, sent).end(body);
}

/** The driver against a server that answers lists and watches as it is set to, under a clock that moves only by `next`. */
export class Rig implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly log = new KeptLog();
  readonly observations: ClusterObservation[] = [];
  readonly driver: HostDriver;
  readonly server: TestServer;
  readonly #folder = mkdtempSync(join(tmpdir(), "kubernetes-driver-"));
  readonly #ending = new AbortController();
  readonly #sensing: Promise<void>;
  #taken = 0;
  list: Respond = captured("01-list");
  /** Of a watch; by default it stays open. */
  watch: Respond = (http) => void http.writeHead(200).flushHeaders();
  /** The open watches, oldest first. */
  readonly watches: ServerResponse[] = [];

  private constructor(server: (rig: () => Rig) => TestServer, options: Partial<DriverConfig["kubernetes"]>) {
    this.server = server(() => this);
    this.token("one");
    const config = {
      host: { monitoring_interval: 600 },
      kubernetes: {
        monitoring_node_labels: "openstack-compute-node=enabled",
        kubeconfig: join(this.#folder, "config"),
        context: undefined,
        unknown_duration: 15,
        ...options,
      },
    } as unknown as DriverConfig;
    const parts = { clock: this.clock, log: this.log, hostname: "node1", config: () => config };
    this.driver = createDriver(parts);
    this.#sensing = this.driver.sense((one) => this.observations.push(one), this.#ending.signal);
  }

  static async start(set: Partial<Pick<Rig, "list" | "watch">> = {}): Promise<Rig> {
    let rig: Rig | undefined;
    const server = await TestServer.start((request, http) => {
      if (rig === undefined) return;
      if (!request.path.includes("watch=1")) return rig.list(http, request);
      rig.watches.push(http);
      rig.watch(http, request);
    });
    rig = new Rig(() => server, {});
    Object.assign(rig, set);
    return rig;
  }

  /** Replaces the token of the kubeconfig. */
  token(token: string): void {
    const content = {
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      clusters: [{ name: "k", cluster: { server: this.server.origin } }],
      users: [{ name: "u", user: { token } }],
    };
    writeFileSync(join(this.#folder, "config"), JSON.stringify(content));
  }

  /** The next observation, while virtual time moves about as fast as real time. */
  async next(matching: (one: ClusterObservation) => boolean = () => true): Promise<ClusterObservation> {
    return await eventually(
      "an observation",
      60_000,
      async () => {
        await this.clock.advance(20);
        for (; this.#taken < this.observations.length; ) {
          const one = this.observations[this.#taken];
          this.#taken += 1;
          if (one !== undefined && matching(one)) return one;
        }
        return undefined;
      },
      5,
    );
  }

  /** The nth watch, once it is open. */
  async watching(nth = 1): Promise<ServerResponse> {
    return await eventually(`watch ${nth}`, 60_000, () => this.watches[nth - 1], 5);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error("the test is over"));
    await this.#sensing;
    await this.server[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true });
  }
}

/** `name state` of each host. */
export function states({ hosts }: ClusterObservation): readonly string[] {
  return hosts.map(({ name, state }) => `${name} ${state}`);
}

export function problems(observation: ClusterObservation): string {
  return observation.problems.map(({ name, problem }) => `${name}: ${problem}`).join("\n");
}
