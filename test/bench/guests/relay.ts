import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "../../../src/libvirt/codec/codec.ts";
import { type Message, MessageReader, messageStatus, messageType } from "../../../src/libvirt/codec/frame.ts";
import { procedures } from "../../../src/libvirt/protocol/procedures.ts";

export interface Ping {
  readonly uuid: string;
  /** `performance.now()` */
  readonly beganAt: number;
  /** Of the response, libvirt's own error included; undefined as long as there is none. */
  endedAt: number | undefined;
  hasResponse: boolean;
}

/** Stands between a monitor and a libvirtd, passes everything on, and notes the guest agent commands. */
export class LibvirtRelay {
  readonly pings: Ping[] = [];
  readonly #server: Server;
  readonly #directory: string;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, directory: string) {
    this.#server = server;
    this.#directory = directory;
  }

  /** @param target libvirtd's socket */
  static async start(target: string): Promise<LibvirtRelay> {
    const directory = await mkdtemp(join(tmpdir(), "relay-"));
    const server = createServer();
    const relay = new LibvirtRelay(server, directory);
    server.on("connection", (client) => relay.#serve(client, connect(target)));
    server.listen(join(directory, "sock"));
    await once(server, "listening");
    return relay;
  }

  get uri(): string {
    return `qemu+unix:///system?socket=${join(this.#directory, "sock")}`;
  }

  /** Agent commands under way at one time, at most. */
  get mostAtOnce(): number {
    const steps = this.pings.flatMap(({ beganAt, endedAt = Number.POSITIVE_INFINITY }) => [
      { at: beganAt, by: 1 },
      { at: endedAt, by: -1 },
    ]);
    let now = 0;
    let most = 0;
    for (const { by } of steps.sort((one, other) => one.at - other.at || one.by - other.by)) {
      now += by;
      most = Math.max(most, now);
    }
    return most;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #serve(client: Socket, server: Socket): void {
    const waiting = new Map<number, Ping>();
    const calls = new MessageReader();
    const replies = new MessageReader();
    client.on("data", (chunk: Buffer) => {
      server.write(chunk);
      for (const message of calls.push(chunk)) this.#called(message, waiting);
    });
    server.on("data", (chunk: Buffer) => {
      client.write(chunk);
      for (const message of replies.push(chunk)) replied(message, waiting);
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => undefined);
      one.once("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }

  #called(message: Message, waiting: Map<number, Ping>): void {
    const { agentCommand } = procedures;
    if (message.type !== messageType.call || !isAgentCommand(message)) return;
    const { domain } = decode(agentCommand.args, message.payload, agentCommand.name);
    const ping: Ping = { uuid: domain.uuid, beganAt: performance.now(), endedAt: undefined, hasResponse: false };
    this.pings.push(ping);
    waiting.set(message.serial, ping);
  }
}

function isAgentCommand({ program, procedure }: Message): boolean {
  const { agentCommand } = procedures;
  return program === agentCommand.program && procedure === agentCommand.number;
}

function replied(message: Message, waiting: Map<number, Ping>): void {
  if (message.type !== messageType.reply || !isAgentCommand(message)) return;
  const ping = waiting.get(message.serial);
  waiting.delete(message.serial);
  if (ping === undefined) return;
  ping.endedAt = performance.now();
  ping.hasResponse = message.status === messageStatus.ok;
}
