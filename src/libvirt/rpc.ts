import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { type CallLimits, type CallOptions, Calls } from "./calls.ts";
import { type Message, messageStatus, messageType } from "./codec/frame.ts";
import { ConnectionLostError, type LibvirtError, ProtocolError } from "./errors.ts";
import { EventListeners } from "./event-listeners.ts";
import { Keepalive, type KeepaliveOptions } from "./keepalive.ts";
import { MessageStream, type SecurityLayer } from "./message-stream.ts";
import { decodeEvent } from "./protocol/events.ts";
import { type Procedure, procedures } from "./protocol/procedures.ts";
import { keepaliveProcedure, PROGRAM_VERSION, program } from "./protocol/programs.ts";
import type { Stream } from "./transport/stream.ts";

export interface RpcOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: CallLimits;
  /** False: this side does not ping (the server's pings get their pongs all the same). */
  readonly keepalive: KeepaliveOptions | false;
}

/** Pongs that the server does not take are not piled up. */
const UNSENT_LIMIT = 64 * 1024;
const CLOSE_TIMEOUT_MS = 2000;

/** libvirt's RPC over one stream: calls, events, keepalive. `Connection` is what a program has of it. */
export class Rpc {
  /** Resolves when the connection has ended: with why, or with nothing if `close()` ended it. Never rejects. */
  readonly closed: Promise<LibvirtError | undefined>;
  readonly events: EventListeners;
  readonly #stream: MessageStream;
  readonly #calls: Calls;
  readonly #keepalive: Keepalive | undefined;
  readonly #log: Logger;
  readonly #resolveClosed: (error: LibvirtError | undefined) => void;
  #closing = false;
  #hasResponded = false;

  constructor(stream: Stream, options: RpcOptions) {
    const { clock, log, limits, keepalive } = options;
    const closed = Promise.withResolvers<LibvirtError | undefined>();
    this.closed = closed.promise;
    this.#resolveClosed = closed.resolve;
    this.#log = log;
    this.#stream = new MessageStream(stream, {
      onBytes: () => {
        this.#hasResponded = true;
        this.#keepalive?.onBytes();
      },
      onMessage: (message) => this.#onMessage(message),
      onEnd: (error) => this.#onEnd(error),
    });
    this.#calls = new Calls(clock, limits, (message) => this.#stream.send(message));
    this.events = new EventListeners((...call) => this.call(...call), log);
    this.#keepalive = keepalive
      ? new Keepalive(
          clock,
          keepalive,
          () => this.#sendKeepalive(keepaliveProcedure.ping),
          (silentMs) => this.#onDead(silentMs),
        )
      : undefined;
  }

  /** The server, for messages. */
  get peer(): string {
    return this.#stream.peer;
  }

  /** The server has sent anything at all. */
  get hasResponded(): boolean {
    return this.#hasResponded;
  }

  /** @throws ServerError, CallTimeoutError, ConnectionLostError, the signal's reason, … */
  call<A, R>(procedure: Procedure<A, R>, args: A, options?: CallOptions): Promise<R> {
    return this.#calls.invoke(procedure, args, options);
  }

  /** Begins to read and to be able to call. */
  start(): void {
    this.#stream.start();
  }

  /** Wraps what follows, once SASL has agreed on it. */
  secure(layer: SecurityLayer): void {
    this.#stream.secure(layer);
  }

  /** Begins to ping, once the server has confirmed that it responds to pings. */
  startKeepalive(): void {
    this.#keepalive?.start();
  }

  /** Sends CONNECT_CLOSE and waits 2 s for the reply, unless calls are under way, which fail; and closes. Idempotent. */
  async close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#keepalive?.stop();
      if (this.#calls.idle) {
        // Whatever comes of it: it is closed afterwards.
        await this.call(procedures.connectClose, undefined, { timeoutMs: CLOSE_TIMEOUT_MS }).catch(() => undefined);
      }
      this.#stream.end(new ConnectionLostError(`the connection to ${this.peer} was closed by this program`));
    }
    await this.closed;
  }

  /** Ends it at once, as lost for this reason. */
  abort(error: LibvirtError): void {
    this.#stream.end(error);
  }

  #onMessage(message: Message): void {
    if (message.program === program.keepalive) this.#onKeepalive(message);
    else if (message.type === messageType.reply) this.#onReply(message);
    else if (message.type === messageType.message && message.program === program.remote) this.#onEvent(message);
    else this.#ignore(message);
  }

  #onReply(message: Message): void {
    if (this.#calls.onReply(message)) return;
    throw new ProtocolError(`a reply (procedure ${message.procedure}) that matches no call, serial ${message.serial}`);
  }

  /** An event that cannot be read ends the connection: a caller that reconnects compares, and so misses nothing. */
  #onEvent(message: Message): void {
    const received = decodeEvent(message.procedure, message.payload);
    if (received === undefined) this.#ignore(message);
    else this.events.emit(received);
  }

  #ignore({ program, procedure, type }: Message): void {
    this.#log.debug(
      `ignored an unknown message from ${this.peer}: program ${program}, procedure ${procedure}, type ${type}`,
    );
  }

  #onKeepalive(message: Message): void {
    if (message.procedure !== keepaliveProcedure.ping) return;
    if (this.#stream.unsent < UNSENT_LIMIT) this.#sendKeepalive(keepaliveProcedure.pong);
  }

  #sendKeepalive(procedure: number): void {
    this.#stream.send({
      program: program.keepalive,
      version: PROGRAM_VERSION,
      procedure,
      type: messageType.message,
      serial: 0,
      status: messageStatus.ok,
      payload: Buffer.alloc(0),
    });
  }

  #onDead(silentMs: number): void {
    const seconds = Math.round(silentMs / 1000);
    this.#stream.end(
      new ConnectionLostError(
        `${this.peer} has sent nothing for ${seconds} s, not even replies to keepalive: it hangs or is unreachable`,
      ),
    );
  }

  #onEnd(error: LibvirtError): void {
    this.#keepalive?.stop();
    this.#calls.end(error);
    this.#resolveClosed(this.#closing ? undefined : error);
  }
}
