import { readFileSync } from "node:fs";
import { request } from "node:https";

/** Of a request of the administrator; on a busy machine the server takes seconds at times. */
const PATIENCE_MS = 60_000;

export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** The API server, as its administrator. */
export class AdminApi {
  readonly #origin: string;
  readonly #ca: Buffer;
  readonly #token: string;
  readonly #timeoutMs: number;

  constructor({ origin, ca, token }: { origin: string; ca: string; token: string }, timeoutMs = PATIENCE_MS) {
    this.#timeoutMs = timeoutMs;
    this.#origin = origin;
    this.#ca = readFileSync(ca);
    this.#token = token;
  }

  /** @param type of a PATCH: `merge` or `strategic-merge` */
  async send(method: string, path: string, body?: unknown, type?: string): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const headers = {
      Authorization: `Bearer ${this.#token}`,
      "Content-Type": type === undefined ? "application/json" : `application/${type}-patch+json`,
    };
    const options = { method, headers, ca: this.#ca, agent: false, timeout: this.#timeoutMs };
    const sent = request(`${this.#origin}${path}`, options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
      response.on("error", reject);
    });
    sent.on("timeout", () => sent.destroy(new Error(`no response to ${method} ${path}`)));
    sent.on("error", reject);
    sent.end(body === undefined ? "" : JSON.stringify(body));
    return await promise;
  }

  /** As `send`; an error of the server is an error here. */
  async done(method: string, path: string, body?: unknown, type?: string): Promise<string> {
    const { status, body: text } = await this.send(method, path, body, type);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
    return text;
  }
}
