import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { Child } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/ports.ts";

const readyMs = 90_000;

export interface Broker {
  readonly port: number;
  readonly servers: readonly Child[];
}

/** A RabbitMQ of this test alone, on loopback; `guest` with the password `guest` may do everything. */
export async function startBroker(folder: string): Promise<Broker> {
  await mkdir(folder);
  const [port, distribution, mapper] = [await freePort(), await freePort(), await freePort()];
  await writeFile(`${folder}/.erlang.cookie`, "tests", { mode: 0o400 });
  await writeFile(`${folder}/rabbitmq.conf`, `listeners.tcp.1 = 127.0.0.1:${port}\nlog.file.level = warning\n`);
  const epmd = new Child("epmd", ["-address", "127.0.0.1", "-port", String(mapper)], { deathSignal: "KILL" });
  await listening("Erlang's port mapper", mapper, epmd);
  // A PID namespace of its own: the script's Erlang, and what that starts, end with it.
  const server = new Child("unshare", ["--pid", "--fork", "--kill-child", "/usr/lib/rabbitmq/bin/rabbitmq-server"], {
    deathSignal: "KILL",
    log: `${folder}/log`,
    env: {
      HOME: folder,
      ERL_EPMD_ADDRESS: "127.0.0.1",
      ERL_EPMD_PORT: String(mapper),
      RABBITMQ_NODENAME: "tests@localhost",
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_BASE: folder,
      RABBITMQ_MNESIA_BASE: folder,
      RABBITMQ_LOG_BASE: folder,
      RABBITMQ_CONFIG_FILE: `${folder}/rabbitmq.conf`,
      RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/enabled_plugins`,
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
      RABBITMQ_IO_THREAD_POOL_SIZE: "4",
    },
  });
  await listening("RabbitMQ", port, server);
  return { port, servers: [server, epmd] };
}

async function listening(name: string, port: number, server: Child): Promise<void> {
  await eventually(`${name} to listen`, readyMs, async () => {
    if (!server.running) return "ended";
    const socket = connect(port, "127.0.0.1");
    try {
      await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
      return "up";
    } finally {
      socket.destroy();
    }
  });
  if (!server.running) throw new Error(`${name} ended:\n${server.output}`);
}
