import { connect, createServer } from "node:net";
import { join } from "node:path";
import { joinSockets } from "./join-sockets.ts";

/**
 * `node relay.ts FOLDER ADDRESS PORT…`, run inside the switch of a cluster: what connects to a port of this address is connected to the
 * Unix socket `FOLDER/PORT`, which a process in another network namespace listens on.
 */
const [folder = "", address = "", ...ports] = process.argv.slice(2);
for (const port of ports) {
  const server = createServer((client) => joinSockets(client, connect(join(folder, port))));
  server.listen(Number(port), address, () => process.stdout.write(`listening ${port}\n`));
}
