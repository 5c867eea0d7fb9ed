import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from "node:http";
import { ResponseError } from "./errors.ts";

export interface HttpResponse {
  readonly status: number;
  /** Names in small letters. */
  readonly headers: IncomingHttpHeaders;
  /** Unpacked. */
  readonly body: Buffer;
}

export interface Exchange {
  open(): ClientRequest;
  readonly body: string | undefined;
  /** Limit for the body as sent and as unpacked. */
  readonly maxBytes: number;
  /** Written as it goes, so that the caller can tell a stale connection from a failed request. */
  readonly progress: { reused: boolean; answering: boolean };
  readonly signal: AbortSignal;
  readonly whom: string;
}

/** One request and its whole answer. Rejects with the socket's error, a ResponseError, or the signal's reason. */
export async function exchange(options: Exchange): Promise<HttpResponse> {
  const { body, maxBytes, progress, signal, whom } = options;
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
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
    progress.answering ||= (request.socket?.bytesRead ?? readBefore) > readBefore;
    reject(error);
  });
  request.on("response", (response) => {
    progress.answering = true;
    collect(response, maxBytes, whom).then(
      (raw) => resolve(unpack(response, raw, maxBytes, whom)),
      (error: unknown) => {
        reject(error);
        request.destroy();
      },
    );
  });
  request.end(body);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function collect(response: IncomingMessage, maxBytes: number, whom: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes, whom);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

async function unpack(response: IncomingMessage, raw: Buffer, maxBytes: number, whom: string): Promise<HttpResponse> {
  const encoding = (response.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  const answer = { status: response.statusCode ?? 0, headers: response.headers };
  if (encoding === "identity" || encoding === "" || raw.length === 0) return { ...answer, body: raw };
  try {
    return { ...answer, body: await decode(encoding, raw, maxBytes) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes, whom);
    throw new ResponseError(`the answer of ${whom} is not readable as ${encoding}`, { cause: error });
  }
}

async function decode(encoding: string, raw: Buffer, maxOutputLength: number): Promise<Buffer> {
  const [zlib, { promisify }] = await Promise.all([import("node:zlib"), import("node:util")]);
  if (encoding === "gzip" || encoding === "x-gzip") return await promisify(zlib.gunzip)(raw, { maxOutputLength });
  if (encoding !== "deflate") throw new Error(`unknown encoding ${encoding}`);
  // "deflate" is zlib's format by the standard and the bare one by some servers; zlib's first byte has 8 in its low half.
  const inflate = ((raw[0] ?? 0) & 0x0f) === 8 ? zlib.inflate : zlib.inflateRaw;
  return await promisify(inflate as typeof zlib.inflate)(raw, { maxOutputLength });
}

function tooLarge(maxBytes: number, whom: string): ResponseError {
  return new ResponseError(`the answer of ${whom} is larger than ${maxBytes} bytes: is this the right address?`);
}
