import { type IncomingHttpHeaders, request } from "node:http";

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends exactly these headers and bytes (no Accept or content type of its own) and reads the whole answer. */
export function rawRequest(
  url: string,
  method: string,
  headers: Readonly<Partial<Record<string, string>>> = {},
  body: Buffer | string = "",
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    // The path is taken as it is written, so that what URL would tidy up is sent too.
    const path = url.slice(url.indexOf("/", "http://".length));
    const length =
      method === "POST" || method === "PUT" || body.length > 0 ? { "content-length": Buffer.byteLength(body) } : {};
    const sent = request(
      { hostname, port, path, method, agent: false, headers: { ...headers, ...length } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
