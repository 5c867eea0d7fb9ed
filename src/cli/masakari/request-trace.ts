import { shorten } from "../../http/shorten.ts";
import type { HttpRequest, HttpResponse, Transport } from "../../http/transport.ts";
import { redact } from "../../openstack/redact.ts";
import type { Clock } from "../../system/clock.ts";
import { messageOf } from "../../system/message-of.ts";
import { printable } from "../../system/printable.ts";
import { maskedHeaders, maskedJson, withoutUrlSecrets } from "./mask.ts";

/** Characters that are shown of a body. */
const LONGEST_LINE = 20_000;

/** One request as `--timing` lists it. */
export interface TimedRequest {
  readonly method: string;
  readonly url: string;
  readonly seconds: number;
}

/** Notes each request of a command; with `debug`, also what was sent and received, without secrets. */
export class RequestTrace {
  readonly #clock: Clock;
  readonly #debug: ((line: string) => void) | undefined;
  readonly #secrets: string[];
  readonly timed: TimedRequest[] = [];

  /** @param secrets of the login: wherever a server quotes one, it is masked */
  constructor(clock: Clock, debug: ((line: string) => void) | undefined, secrets: readonly string[]) {
    this.#clock = clock;
    this.#debug = debug;
    this.#secrets = [...secrets];
  }

  /** The transport, with each of its requests noted. */
  around(transport: Transport): Transport {
    return {
      send: async (request, signal) => {
        const since = this.#clock.now().mono;
        this.#showRequest(request);
        try {
          const response = await transport.send(request, signal);
          this.#note(request, since);
          this.#showResponse(response, since);
          return response;
        } catch (error) {
          this.#note(request, since);
          this.#show(`RESP: none: ${messageOf(error)}`);
          throw error;
        }
      },
      stream: (request, signal) => transport.stream(request, signal),
      close: () => transport.close(),
    };
  }

  #note({ method, url }: HttpRequest, since: number): void {
    this.timed.push({ method, url: withoutUrlSecrets(url), seconds: (this.#clock.now().mono - since) / 1000 });
  }

  #showRequest({ method, url, headers, body }: HttpRequest): void {
    this.#show(`REQ: ${method} ${url} ${maskedHeaders(headers)}`);
    if (body !== undefined) this.#show(`REQ BODY: ${maskedJson(body)}`);
  }

  #showResponse({ status, headers, body }: HttpResponse, since: number): void {
    const token = headers["x-subject-token"];
    if (typeof token === "string") this.#secrets.push(token);
    const ms = Math.round(this.#clock.now().mono - since);
    this.#show(`RESP: ${status} after ${ms} ms ${maskedHeaders(headers)}`);
    if (body.length > 0) this.#show(`RESP BODY: ${maskedJson(body.toString("utf8"))}`);
  }

  #show(line: string): void {
    this.#debug?.(`${printable(shorten(withoutUrlSecrets(redact(line, this.#secrets)), LONGEST_LINE))}\n`);
  }
}
