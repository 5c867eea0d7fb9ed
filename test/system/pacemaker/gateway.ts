import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child } from "../../support/child.ts";
import { joinSockets } from "./join-sockets.ts";
import { addressOf, type Switch } from "./network.ts";

const relay = fileURLToPath(new URL("relay.ts", import.meta.url));
const readyMs = 120_000;

/**
 * The way of a cluster's nodes to servers on this machine's loopback, which their network namespaces do not have: an address on the
 * cluster's switch, one port for each server.
 */
export class Gateway {
  readonly address = addressOf(1);
  readonly #servers: readonly Server[];
  readonly #relay: Child;

  private constructor(servers: readonly Server[], relay: Child) {
    this.#servers = servers;
    this.#relay = relay;
  }

  /** @param services the port of each server on loopback, by the port that the nodes use */
  static async open(folder: string, at: Switch, services: ReadonlyMap<number, number>): Promise<Gateway> {
    const sockets = join(folder, "gateway");
    mkdirSync(sockets, { recursive: true });
    const servers = await Promise.all(
      [...services].map(async ([port, target]) => await listen(join(sockets, String(port)), target)),
    );
    const [command, ...enter] = at.namespace.enter;
    const ports = [...services.keys()].map(String);
    const node = [process.execPath, "--disable-warning=ExperimentalWarning", relay, sockets, addressOf(1), ...ports];
    const child = new Child(command, [...enter, ...node], { deathSignal: "KILL" });
    for (const port of ports) await child.line(new RegExp(`^listening ${port}$`), readyMs);
    return new Gateway(servers, child);
  }

  async close(): Promise<void> {
    await this.#relay.stop("SIGKILL");
    for (const server of this.#servers) server.close();
  }
}

async function listen(path: string, target: number): Promise<Server> {
  const server = createServer((client) => joinSockets(client, connect(target, "127.0.0.1")));
  server.listen(path);
  await once(server, "listening");
  return server;
}
