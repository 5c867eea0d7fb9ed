/** A Keystone or Masakari responded to a set-up call of the tests with something else than success. */
export class SetUpCallError extends Error {
  readonly code = "SET_UP_CALL";
  readonly status: number;

  constructor(what: string, status: number, body: string) {
    super(`${what}: ${status} ${body.slice(0, 500)}`);
    this.status = status;
  }
}

export interface JsonResponse {
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: test code reads responses that it knows, and fails on what it does not
  readonly body: any;
}

/** One JSON call with a token; fails unless the status is 2xx. */
export async function callJson(
  method: string,
  url: string,
  options: {
    readonly token?: string;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<JsonResponse> {
  const response = await fetch(url, {
    method,
    headers: {
      Accept: "application/json",
      "Content-Type": "application/json",
      ...(options.token === undefined ? {} : { "X-Auth-Token": options.token }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (!response.ok) throw new SetUpCallError(`${method} ${url}`, response.status, text);
  return { headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
}

export interface Login {
  readonly username: string;
  readonly password: string;
  readonly project: string;
}

/** The calls to Keystone v3 that set the scene: who there is, and what the catalogue contains. */
export class KeystoneApi {
  readonly #url: string;
  #token = "";

  /** @param url with `/v3` */
  constructor(url: string) {
    this.#url = url;
  }

  /** A fresh token for a user of the domain Default. */
  async token(login: Login): Promise<string> {
    const { headers } = await callJson("POST", `${this.#url}/auth/tokens`, {
      body: {
        auth: {
          identity: {
            methods: ["password"],
            password: { user: { name: login.username, domain: { id: "default" }, password: login.password } },
          },
          scope: { project: { name: login.project, domain: { id: "default" } } },
        },
      },
    });
    return headers.get("X-Subject-Token") ?? "";
  }

  /** All further calls are made as this user. */
  async logIn(login: Login): Promise<void> {
    this.#token = await this.token(login);
  }

  /** Creates what is missing of project and role, and the user in them. */
  async createUser(login: Login, role: string): Promise<void> {
    const project = await this.#projectId(login.project);
    const { body } = await this.#call("POST", "/users", {
      user: { name: login.username, password: login.password, domain_id: "default", default_project_id: project },
    });
    await this.#call("PUT", `/projects/${project}/users/${body.user.id}/roles/${await this.#roleId(role)}`);
  }

  async setPassword(username: string, password: string): Promise<void> {
    const { body } = await this.#call("GET", `/users?name=${username}`);
    await this.#call("PATCH", `/users/${body.users[0].id}`, { user: { password } });
  }

  /** From now on `token` is not valid any more; where it is cached it goes on being taken. */
  async revoke(token: string): Promise<void> {
    await callJson("DELETE", `${this.#url}/auth/tokens`, {
      token: this.#token,
      headers: { "X-Subject-Token": token },
    });
  }

  /** Registers a service once, and its public, internal and admin endpoints in `region`. */
  async createEndpoints(type: string, name: string, region: string, url: string): Promise<void> {
    const { body: known } = await this.#call("GET", `/services?type=${type}&name=${name}`);
    const service: string =
      known.services[0]?.id ?? (await this.#call("POST", "/services", { service: { type, name } })).body.service.id;
    for (const face of ["public", "internal", "admin"]) {
      await this.#call("POST", "/endpoints", {
        endpoint: { interface: face, region_id: region, service_id: service, url },
      });
    }
  }

  /** Registers a service, also a second one of a type. @returns its ID */
  async createService(type: string): Promise<string> {
    return (await this.#call("POST", "/services", { service: { type, name: type } })).body.service.id;
  }

  /** Removes a service and its endpoints. */
  async deleteService(id: string): Promise<void> {
    await this.#call("DELETE", `/services/${id}`);
  }

  /** Registers one endpoint. @param region null: in no region */
  async createEndpoint(service: string, face: string, region: string | null, url: string): Promise<void> {
    await this.#call("POST", "/endpoints", {
      endpoint: { interface: face, ...(region !== null && { region_id: region }), service_id: service, url },
    });
  }

  /** Gives all endpoints of a service another URL. */
  async moveEndpoints(service: string, url: string): Promise<void> {
    const { body } = await this.#call("GET", `/endpoints?service_id=${service}`);
    for (const { id } of body.endpoints) await this.#call("PATCH", `/endpoints/${id}`, { endpoint: { url } });
  }

  async createRegion(region: string): Promise<void> {
    await this.#call("POST", "/regions", { region: { id: region } });
  }

  /** Removes the region and its endpoints, so that the catalogue in each token does not grow with the suites. */
  async deleteRegion(region: string): Promise<void> {
    const { body } = await this.#call("GET", `/endpoints?region_id=${region}`);
    for (const { id } of body.endpoints) await this.#call("DELETE", `/endpoints/${id}`);
    await this.#call("DELETE", `/regions/${region}`);
  }

  async #projectId(name: string): Promise<string> {
    const { body } = await this.#call("GET", `/projects?name=${name}`);
    if (body.projects[0] !== undefined) return body.projects[0].id;
    return (await this.#call("POST", "/projects", { project: { name, domain_id: "default" } })).body.project.id;
  }

  async #roleId(name: string): Promise<string> {
    const { body } = await this.#call("GET", `/roles?name=${name}`);
    if (body.roles[0] !== undefined) return body.roles[0].id;
    return (await this.#call("POST", "/roles", { role: { name } })).body.role.id;
  }

  async #call(method: string, path: string, body?: unknown): Promise<JsonResponse> {
    return await callJson(method, `${this.#url}${path}`, {
      token: this.#token,
      ...(body === undefined ? {} : { body }),
    });
  }
}
