import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, encode } from "../../src/libvirt/codec/codec.ts";
import {
  encodeMessage,
  type Message,
  MessageReader,
  messageStatus,
  messageType,
} from "../../src/libvirt/codec/frame.ts";
import { type Procedure, procedures } from "../../src/libvirt/protocol/procedures.ts";
import { program } from "../../src/libvirt/protocol/programs.ts";
import { serverError } from "../../src/libvirt/protocol/shapes.ts";

/** The protocol's tables and codecs, for tests that write a server's side. */
export { encode, i32, struct } from "../../src/libvirt/codec/codec.ts";
export { eventKinds } from "../../src/libvirt/protocol/events.ts";
export { procedures } from "../../src/libvirt/protocol/procedures.ts";

/** What a handler may do with a call: answer now, later, or never. */
export interface Call<A, R> {
  readonly args: A;
  readonly client: Client;
  reply(result: R): void;
  fail(number: number, message: string): void;
}

/** One connection to the server, from its side. */
export class Client {
  readonly socket: Socket;
  /** Keepalive messages that came. */
  readonly keepalives: number[] = [];
  readonly #chunkBytes: number;

  constructor(socket: Socket, chunkBytes: number) {
    this.socket = socket;
    this.#chunkBytes = chunkBytes;
  }

  send(message: Partial<Message> & Pick<Message, "procedure" | "type">): void {
    const defaults = {
      program: program.remote,
      version: 1,
      serial: 0,
      status: messageStatus.ok,
      payload: Buffer.alloc(0),
    };
    this.write(encodeMessage({ ...defaults, ...message }));
  }

  event(procedure: number, payload: Buffer): void {
    this.send({ procedure, type: messageType.message, serial: 1, payload });
  }

  write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += this.#chunkBytes)
      this.socket.write(bytes.subarray(at, at + this.#chunkBytes));
  }
}

type Handler = (message: Message, client: Client) => void;

/**
 * A libvirt server as bad as a test wants it: it replies what the test sets, and lets everybody in unless the test forbids it.
 * It speaks by the client's own codec, so what is on the wire is for the tests with a real libvirtd to show.
 */
export class LibvirtServer implements AsyncDisposable {
  readonly clients: Client[] = [];
  readonly socket: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "libvirt-server-"));
  readonly #server: Server;
  readonly #handlers = new Map<string, Handler>();

  private constructor(chunkBytes: number) {
    this.socket = join(this.#folder, "sock");
    this.#server = createServer((socket) => this.#accept(new Client(socket, chunkBytes)));
    this.on(procedures.authList, (call) => call.reply({ types: [0] }));
    this.on(procedures.connectSupportsFeature, (call) => call.reply({ supported: 1 }));
    this.on(procedures.connectOpen, (call) => call.reply(undefined));
    this.on(procedures.connectClose, (call) => call.reply(undefined));
  }

  /** @param chunkBytes everything is sent in pieces of that many bytes */
  static async start(chunkBytes = Number.POSITIVE_INFINITY): Promise<LibvirtServer> {
    const server = new LibvirtServer(chunkBytes);
    server.#server.listen(server.socket);
    await once(server.#server, "listening");
    return server;
  }

  get uri(): string {
    return `qemu+unix:///system?socket=${this.socket}`;
  }

  on<A, R>(procedure: Procedure<A, R>, handle: (call: Call<A, R>) => void): void {
    this.#handlers.set(`${procedure.program} ${procedure.number}`, (message, client) => {
      const send = (status: number, payload: Buffer): void =>
        client.send({ ...message, type: messageType.reply, status, payload });
      handle({
        args: decode(procedure.args, message.payload, procedure.name),
        client,
        reply: (result) => send(messageStatus.ok, encode(procedure.result, result)),
        fail: (number, text) => send(messageStatus.error, encode(serverError, { number, domain: 0, message: text })),
      });
    });
  }

  /** Ends all connections; the socket stays. */
  drop(): void {
    for (const { socket } of this.clients) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drop();
    this.#server.close();
    await once(this.#server, "close");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #accept(client: Client): void {
    this.clients.push(client);
    const reader = new MessageReader();
    client.socket.on("error", () => undefined);
    client.socket.on("data", (chunk) => {
      for (const message of reader.push(chunk)) {
        if (message.program === program.keepalive) client.keepalives.push(message.procedure);
        else this.#handlers.get(`${message.program} ${message.procedure}`)?.(message, client);
      }
    });
  }
}
