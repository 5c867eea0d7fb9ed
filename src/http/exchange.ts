import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from "node:http";
import { ResponseError } from "./errors.ts";

export interface HttpResponse {
  readonly status: number;
  /** Names in small letters. */
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. */
  readonly body: Buffer;
}

export interface Exchange<T> {
  open(): ClientRequest;
  readonly body: string | undefined;
  /** Makes the result of a response whose headers have come. If it throws, the request is destroyed. */
  read(response: IncomingMessage): Promise<T>;
  /** Written as it goes, so that the caller can distinguish a stale connection from a failed request. */
  readonly progress: { reused: boolean; responding: boolean };
  readonly signal: AbortSignal;
}

/** One request and what `read` makes of its response. Rejects with the socket's error, what `read` throws, or the signal's reason. */
export async function exchange<T>(options: Exchange<T>): Promise<T> {
  const { body, progress, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const request = options.open();
  const abort = (): void => {
    reject(signal.reason);
    request.destroy();
  };
  signal.addEventListener("abort", abort, { once: true });
  let readBefore = 0;
  request.on("socket", (socket) => {
    readBefore = socket.bytesRead;
  });
  request.on("error", (error) => {
    progress.reused = request.reusedSocket;
    progress.responding ||= (request.socket?.bytesRead ?? readBefore) > readBefore;
    reject(error);
  });
  request.on("response", (response) => {
    progress.responding = true;
    options.read(response).then(resolve, (error: unknown) => {
      reject(error);
      request.destroy();
    });
  });
  request.end(body);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** @param maxBytes limit for the body as sent and as decompressed @param server whom it is from, for messages */
export async function readWhole(response: IncomingMessage, maxBytes: number, server: string): Promise<HttpResponse> {
  const raw = await collect(response, maxBytes, server);
  const encoding = encodingOf(response);
  const head = { status: response.statusCode ?? 0, headers: response.headers };
  if (encoding === "identity" || raw.length === 0) return { ...head, body: raw };
  try {
    return { ...head, body: await decode(encoding, raw, maxBytes) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes, server);
    throw new ResponseError(`the response of ${server} is not readable as ${encoding}`, { cause: error });
  }
}

export function encodingOf(response: IncomingMessage): string {
  return response.headers["content-encoding"]?.trim().toLowerCase() || "identity";
}

async function collect(response: IncomingMessage, maxBytes: number, server: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes, server);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

async function decode(encoding: string, raw: Buffer, maxOutputLength: number): Promise<Buffer> {
  const [zlib, { promisify }] = await Promise.all([import("node:zlib"), import("node:util")]);
  if (encoding === "gzip" || encoding === "x-gzip") return await promisify(zlib.gunzip)(raw, { maxOutputLength });
  if (encoding !== "deflate") throw new Error(`unknown encoding ${encoding}`);
  // "deflate" is zlib's format by the standard and the bare one by some servers; zlib's first byte has 8 in its low half.
  const inflate = ((raw[0] ?? 0) & 0x0f) === 8 ? zlib.inflate : zlib.inflateRaw;
  return await promisify(inflate as typeof zlib.inflate)(raw, { maxOutputLength });
}

function tooLarge(maxBytes: number, server: string): ResponseError {
  return new ResponseError(`the response of ${server} is larger than ${maxBytes} bytes: is this the right address?`);
}
