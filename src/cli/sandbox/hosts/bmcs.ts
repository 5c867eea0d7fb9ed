import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Machine } from "./machine.ts";
import type { SimulatedDevice } from "./simulated-driver.ts";

const SYSTEMS = "/redfish/v1/Systems/";

/** The simulated hosts' BMCs: a Redfish service on loopback with one system for each. One that is dead never answers. */
export class Bmcs {
  readonly #machines: readonly Machine[];
  readonly #server: Server;

  constructor(machines: readonly Machine[]) {
    this.#machines = machines;
    this.#server = createServer((request, response) => {
      const machine = this.#machines.find(({ name }) => request.url === SYSTEMS + name);
      if (machine?.bmc === "dead") return;
      response.writeHead(machine === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(machine === undefined ? {} : { PowerState: machine.power === "off" ? "Off" : "On" }));
    });
  }

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get devices(): Readonly<Record<string, SimulatedDevice>> {
    const { port } = this.#server.address() as AddressInfo;
    return Object.fromEntries(this.#machines.map(({ name }) => [name, { port, systemsUri: SYSTEMS + name }]));
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
