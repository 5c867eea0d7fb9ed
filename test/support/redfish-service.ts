import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";

export interface RedfishOptions {
  readonly user: string;
  readonly password: string;
  /** PEM; absent: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly systems?: readonly string[];
}

/**
 * A Redfish service as DMTF specifies it (DSP0266 1.x: service root without authentication, basic authentication elsewhere,
 * `@odata.id` links, error bodies with `error.code` and `error.@Message.ExtendedInfo`; ComputerSystem and its collection
 * of DSP8010), as far as fencing uses it.
 */
export class RedfishService {
  power = new Map<string, string>();
  /** Holds every response back, as a BMC that hangs. */
  hangs = false;
  readonly requests: string[] = [];
  readonly #options: RedfishOptions;
  readonly #server: Server;

  constructor(options: RedfishOptions) {
    this.#options = options;
    const { tls, systems = ["1"] } = options;
    for (const id of systems) this.power.set(id, "On");
    const handle = (request: IncomingMessage, response: ServerResponse): void => this.#handle(request, response);
    this.#server = tls === undefined ? createHttp(handle) : createHttps(tls, handle);
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many clients are connected. */
  async connections(): Promise<number> {
    return await new Promise((resolve, reject) =>
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? "").replace(/\/+$/, "");
    this.requests.push(`${request.method} ${path}`);
    if (this.hangs) return;
    if (path === "/redfish/v1") {
      send(response, 200, {
        "@odata.type": "#ServiceRoot.v1_15_0.ServiceRoot",
        "@odata.id": "/redfish/v1",
        Id: "RootService",
        Name: "Root Service",
        RedfishVersion: "1.15.0",
        Systems: { "@odata.id": "/redfish/v1/Systems" },
      });
      return;
    }
    const { user, password } = this.#options;
    const wanted = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    if (request.headers.authorization !== wanted) {
      response.setHeader("WWW-Authenticate", 'Basic realm="Redfish"');
      send(response, 401, fault("Base.1.18.InsufficientPrivilege", "The account or credentials lack the privileges."));
      return;
    }
    const systems = [...this.power.keys()];
    if (path === "/redfish/v1/Systems") {
      send(response, 200, {
        "@odata.type": "#ComputerSystemCollection.ComputerSystemCollection",
        "@odata.id": path,
        Name: "Computer System Collection",
        "Members@odata.count": systems.length,
        Members: systems.map((id) => ({ "@odata.id": `${path}/${id}` })),
      });
      return;
    }
    const id = systems.find((one) => path === `/redfish/v1/Systems/${one}`);
    if (id === undefined) {
      send(response, 404, fault("Base.1.18.ResourceMissingAtURI", `The resource at the URI '${path}' was not found.`));
      return;
    }
    send(response, 200, {
      "@odata.type": "#ComputerSystem.v1_22_0.ComputerSystem",
      "@odata.id": path,
      Id: id,
      Name: "System",
      SystemType: "Physical",
      PowerState: this.power.get(id),
      Status: { State: "Enabled", Health: "OK" },
      Actions: {
        "#ComputerSystem.Reset": {
          target: `${path}/Actions/ComputerSystem.Reset`,
          "ResetType@Redfish.AllowableValues": ["On", "ForceOff", "ForceRestart"],
        },
      },
    });
  }
}

function fault(code: string, message: string): object {
  const info = { "@odata.type": "#Message.v1_2_1.Message", MessageId: code, Message: message, Severity: "Critical" };
  return { error: { code, message, "@Message.ExtendedInfo": [info] } };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    "Content-Type": "application/json",
    "OData-Version": "4.0",
    "Cache-Control": "no-cache",
  });
  response.end(JSON.stringify(body));
}
