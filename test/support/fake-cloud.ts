import type { ServerResponse } from "node:http";
import type { ApiOptions } from "../../src/openstack/create-session.ts";
import { type Arrived, type Handler, json, TestServer } from "./http-server.ts";

/** Just enough of Keystone and an API behind it, for tests of what a client does when they misbehave. */
export class FakeCloud implements AsyncDisposable {
  readonly server: TestServer;
  /** Tokens that the API accepts. */
  readonly valid = new Set<string>();
  /** ms from issued_at to expires_at. */
  lifetimeMs = 3_600_000;
  /** What Keystone's clock shows. */
  keystoneTime = Date.UTC(2026, 10, 22, 12);
  /** The catalog of the next logins in place of one with Masakari's endpoint in it. */
  catalog: unknown;
  /** Answers a login in place of Keystone. */
  login: Handler | undefined;
  /** Answers a request with a valid token. */
  api: Handler = (_, response) => json(response, 200, { segments: [] });
  /** The hosts of the one segment, if the lists of segments and hosts are to be answered, and not by `api`. */
  segmentHosts: readonly string[] | undefined;
  /** Whether those hosts are on maintenance. */
  onMaintenance = false;
  /** Whether GET /v1 is answered with the version document, and not by `api`. */
  servesVersion = true;
  #issued = 0;

  private constructor(server: TestServer) {
    this.server = server;
  }

  static async start(): Promise<FakeCloud> {
    const cloud: FakeCloud = new FakeCloud(
      await TestServer.start((request, response): void | Promise<void> => cloud.#respond(request, response)),
    );
    return cloud;
  }

  /** An `[api]` section for it, as it stands in a file. */
  section(): string {
    return ["[api]", ...Object.entries(this.options()).map(([key, value]) => `${key} = ${value}`), ""].join("\n");
  }

  /** The options of that section. */
  options(more: Partial<ApiOptions> = {}): ApiOptions {
    return {
      auth_type: "password",
      auth_url: `${this.server.origin}/v3`,
      username: "masakari",
      password: "masakari-secret",
      project_name: "service",
      user_domain_name: "Default",
      project_domain_name: "Default",
      region: "RegionOne",
      api_interface: "public",
      ...more,
    };
  }

  /** Every login that arrived. */
  get logins(): Arrived[] {
    return this.server.requests.filter(({ method, path }) => method === "POST" && path.endsWith("/auth/tokens"));
  }

  /** Every request to the API that arrived. */
  get calls(): Arrived[] {
    return this.server.requests.filter(({ path }) => path.startsWith("/v1"));
  }

  #respond(request: Arrived, response: ServerResponse): void | Promise<void> {
    if (request.method === "POST" && request.path.endsWith("/auth/tokens")) {
      return this.login === undefined ? this.issue(response) : this.login(request, response);
    }
    if (request.path === "/v3") return json(response, 200, { version: this.#version() });
    if (request.path === "/") return json(response, 300, { versions: { values: [this.#version()] } });
    if (!this.valid.has(String(request.headers["x-auth-token"]))) {
      const message = "The request you have made requires authentication.";
      return json(response, 401, { error: { code: 401, title: "Unauthorized", message } });
    }
    if (request.method === "GET" && request.path === "/v1" && this.servesVersion) {
      return json(response, 200, { version: { id: "v1.0", status: "CURRENT", version: "1.2", min_version: "1.0" } });
    }
    if (request.method === "GET" && request.path.startsWith("/v1/segments") && this.segmentHosts !== undefined) {
      return json(response, 200, this.#registered(request.path, this.segmentHosts));
    }
    return this.api(request, response);
  }

  #registered(path: string, names: readonly string[]): object {
    const isEnd = path.includes("marker=");
    const rest = { service_type: "COMPUTE", recovery_method: "auto" };
    const segment = { id: 1, uuid: "rack", name: "rack", enabled: true, ...rest };
    if (!path.includes("/hosts")) return { segments: isEnd ? [] : [segment] };
    const host = { type: "COMPUTE", control_attributes: "SSH", reserved: false, on_maintenance: this.onMaintenance };
    const hosts = names.map((name, id) => ({ id, uuid: name, name, failover_segment: segment, ...host }));
    return { hosts: isEnd ? [] : hosts };
  }

  /** Grants a login. */
  issue(response: ServerResponse): void {
    const token = `token-${++this.#issued}-of-the-fake-cloud`;
    this.valid.add(token);
    const interfaces = ["public", "internal", "admin"].map((name) => ({
      interface: name,
      region_id: "RegionOne",
      region: "RegionOne",
      url: `${this.server.origin}/v1`,
    }));
    const time = (at: number) => new Date(at).toISOString().replace("Z", "000Z");
    const body = {
      token: {
        issued_at: time(this.keystoneTime),
        expires_at: time(this.keystoneTime + this.lifetimeMs),
        catalog: this.catalog ?? [{ type: "instance-ha", name: "masakari", endpoints: interfaces }],
      },
    };
    json(response, 201, body, { "X-Subject-Token": token });
  }

  #version() {
    return { id: "v3.14", status: "stable", links: [{ rel: "self", href: `${this.server.origin}/v3/` }] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}
