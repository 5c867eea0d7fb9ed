import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Clock } from "../system/clock.ts";
import { ConnectionError, ResponseError, TimeoutError } from "./errors.ts";
import { encodingOf } from "./exchange.ts";

/** A successful response whose body is read as it comes. */
export interface LineStream {
  readonly status: number;
  /** Names in small letters. */
  readonly headers: IncomingHttpHeaders;
  /**
   * The lines of the body, without their ends. It ends when the server ends the response; leaving the loop closes the connection.
   * No more is read from the server than is taken from here.
   * @throws TimeoutError, ResponseError for a line that is too long, ConnectionError, or the signal's reason
   */
  readonly lines: AsyncGenerator<string, void, undefined>;
}

export interface LineOptions {
  readonly clock: Clock;
  /** ms without a byte from the server, while a line is waited for, after which the connection counts as dead. */
  readonly idleTimeoutMs: number;
  readonly maxLineBytes: number;
  readonly signal: AbortSignal;
  /** Whom it is from, for messages. */
  readonly server: string;
  /** Of a failed connection. */
  explain(error: unknown): Error;
}

/** From here on it is the signal that ends the response, also if nobody begins to read the lines. */
export function lineStream(response: IncomingMessage, options: LineOptions): LineStream {
  const { signal, server } = options;
  const encoding = encodingOf(response);
  if (encoding !== "identity") throw new ResponseError(`${server} sends a stream that is encoded as ${encoding}`);
  const abort = (): void => void response.destroy();
  signal.addEventListener("abort", abort, { once: true });
  response.once("close", () => signal.removeEventListener("abort", abort));
  // It reaches the reader of the lines; without a reader it must not end the program.
  response.on("error", () => undefined);
  return { status: response.statusCode ?? 0, headers: response.headers, lines: readLines(response, options) };
}

async function* readLines(response: IncomingMessage, options: LineOptions): AsyncGenerator<string, void, undefined> {
  const splitter = new LineSplitter(options.maxLineBytes, options.server);
  try {
    for await (const chunk of withinIdleTimeout(response, options)) yield* splitter.push(chunk);
    yield* splitter.end();
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    throw options.explain(error);
  } finally {
    response.destroy();
  }
}

async function* withinIdleTimeout(response: IncomingMessage, options: LineOptions): AsyncGenerator<Buffer> {
  const { clock, idleTimeoutMs, server, signal } = options;
  const chunks = (response as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  for (;;) {
    signal.throwIfAborted();
    const timer = clock.setTimer(idleTimeoutMs, () => {
      response.destroy(new TimeoutError(`${server} has sent nothing for ${idleTimeoutMs / 1000} s`));
    });
    const next = await chunks.next().finally(() => timer.cancel());
    if (next.done === true) break;
    yield next.value;
  }
  if (!response.complete) throw new ConnectionError(`${server} closed the connection before the response was complete`);
}

/** Each byte is looked at once, however the chunks are cut. */
class LineSplitter {
  readonly #maxBytes: number;
  readonly #server: string;
  #begun: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number, server: string) {
    this.#maxBytes = maxBytes;
    this.#server = server;
  }

  /** The lines that `chunk` completes. */
  *push(chunk: Buffer): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#add(chunk.subarray(start, end));
      start = end + 1;
      yield this.#take();
    }
    this.#add(chunk.subarray(start));
  }

  /** The last line, if the body does not end with a line break. */
  *end(): Generator<string> {
    if (this.#bytes > 0) yield this.#take();
  }

  #add(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) {
      throw new ResponseError(`${this.#server} has sent a line of more than ${this.#maxBytes} bytes`);
    }
    if (part.length > 0) this.#begun.push(part);
  }

  #take(): string {
    const line = Buffer.concat(this.#begun, this.#bytes).toString("utf8");
    this.#begun = [];
    this.#bytes = 0;
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  }
}
