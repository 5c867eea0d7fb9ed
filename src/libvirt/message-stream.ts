import { encodeMessage, type Message, MessageReader } from "./codec/frame.ts";
import { ConnectionLostError, type LibvirtError, ProtocolError } from "./errors.ts";
import type { Stream } from "./transport/stream.ts";

/** Wraps everything that is sent and unwraps everything that comes, once SASL has agreed on it. */
export interface SecurityLayer {
  wrap(plain: Buffer): Buffer;
  /** What `chunk` completes. @throws ProtocolError for a wrong checksum or a stray length */
  unwrap(chunk: Buffer): Iterable<Buffer>;
}

export interface MessageStreamEvents {
  /** Bytes came in, of whatever kind: the peer is alive. */
  onBytes(): void;
  onMessage(message: Message): void;
  /** Called once; nothing follows. */
  onEnd(error: LibvirtError): void;
}

/** Reading pauses after so long, ms, for the rest of the program: a server may send faster than it is read. */
const LONGEST_STRETCH_MS = 20;

/** Messages over one byte stream. A stream that breaks the protocol is closed: what follows in it cannot be read. */
export class MessageStream {
  readonly peer: string;
  readonly #stream: Stream;
  readonly #events: MessageStreamEvents;
  readonly #reader = new MessageReader();
  #layer: SecurityLayer | undefined;
  #ended = false;
  /** When the reading in this iteration of the event loop began, performance.now(). */
  #stretchSince: number | undefined;

  constructor(stream: Stream, events: MessageStreamEvents) {
    this.#stream = stream;
    this.#events = events;
    this.peer = stream.peer;
  }

  /** Begins to read. */
  start(): void {
    const { socket } = this.#stream;
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("error", (error) => this.#lost(`the connection to ${this.peer} broke: ${error.message}`, error));
    socket.on("end", () => this.#lost(`${this.peer} closed the connection`));
    socket.on("close", () => this.#lost(`the connection to ${this.peer} is closed`));
    socket.resume();
  }

  send(message: Message): void {
    if (this.#ended) return;
    const bytes = encodeMessage(message);
    this.#stream.socket.write(this.#layer?.wrap(bytes) ?? bytes);
  }

  /** Bytes that the peer has not taken yet. */
  get unsent(): number {
    return this.#stream.socket.writableLength;
  }

  /** From here on both directions are wrapped. */
  secure(layer: SecurityLayer): void {
    this.#layer = layer;
  }

  /** Closes it; `onEnd` is called with this error. */
  end(error: LibvirtError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream.socket.destroy();
    this.#events.onEnd(error);
  }

  #read(chunk: Buffer): void {
    if (this.#ended) return;
    this.#events.onBytes();
    const since = performance.now();
    if (this.#stretchSince === undefined) {
      this.#stretchSince = since;
      setImmediate(() => {
        this.#stretchSince = undefined;
      });
    }
    try {
      for (const plain of this.#layer?.unwrap(chunk) ?? [chunk]) {
        for (const message of this.#reader.push(plain)) {
          this.#events.onMessage(message);
          if (this.#ended) return;
        }
      }
    } catch (error) {
      this.end(new ProtocolError(`${this.peer}: ${(error as Error).message}`, { cause: error }));
    }
    if (performance.now() - (this.#stretchSince ?? since) > LONGEST_STRETCH_MS) this.#pause();
  }

  #pause(): void {
    const { socket } = this.#stream;
    socket.pause();
    setImmediate(() => socket.resume());
  }

  #lost(message: string, cause?: Error): void {
    this.end(new ConnectionLostError(message, { cause }));
  }
}
