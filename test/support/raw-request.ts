import { type IncomingHttpHeaders, request } from "node:http";

export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends exactly these headers and bytes (no Accept or content type of its own) and reads the whole response. */
export function rawRequest(
  url: string,
  method: string,
  headers: Readonly<Partial<Record<string, string>>> = {},
  body: Buffer | string = "",
): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    // The path is taken as it is written, so that what URL would tidy up is sent too.
    const path = url.slice(url.indexOf("/", "http://".length));
    const length =
      method === "POST" || method === "PUT" || body.length > 0 ? { "content-length": Buffer.byteLength(body) } : {};
    const sent = request(
      { hostname, port, path, method, agent: false, headers: { ...headers, ...length } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
