import type { CapturedMessage } from "../support/capture.ts";
import type { Exchange } from "../support/recording-proxy.ts";
import type { Site } from "./openstack/site.ts";

/**
 * A request in a form in which ours and a recorded one must be equal: without order, User-Agent, and the values that
 * each run has of its own (port, token, and in the body host, process and time, put at a fixed length).
 */
export interface ComparableRequest {
  readonly start: string;
  readonly headers: readonly string[];
  readonly body: unknown;
  /** Of the body, as sent: the same spaces and escapes give the same length in whatever order. */
  readonly bodyLength: number;
}

const ownValues = new Set(["host", "user-agent", "x-auth-token", "content-length"]);

function headerLines(headers: readonly (readonly [string, string])[]): string[] {
  return headers.map(([name, value]) => (ownValues.has(name.toLowerCase()) ? name : `${name}: ${value}`)).sort();
}

/** Replaces what each run has of its own, in the text, so that lengths can be compared too. */
function levelled(body: string, own: Readonly<Record<string, string>>): { body: unknown; bodyLength: number } {
  let text = body;
  for (const [placeholder, value] of Object.entries(own)) text = text.replaceAll(`"${value}"`, `"${placeholder}"`);
  text = text.replace(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?"/, '"TIME"');
  return { body: text === "" ? "" : JSON.parse(text), bodyLength: Buffer.byteLength(text) };
}

export function comparable(
  exchange: Exchange,
  own: { readonly process: string; readonly host: string; readonly site: Site },
): ComparableRequest {
  const headers: [string, string][] = [];
  for (let index = 0; index < exchange.rawHeaders.length; index += 2) {
    headers.push([exchange.rawHeaders[index] ?? "", exchange.rawHeaders[index + 1] ?? ""]);
  }
  const { username, password, project } = own.site.address.monitors;
  return {
    start: `${exchange.method} ${exchange.path} HTTP/${exchange.httpVersion}`,
    headers: headerLines(headers),
    ...levelled(exchange.body, {
      PROCESS_NAME: own.process,
      HOSTNAME: own.host,
      USERNAME: username,
      PASSWORD: password,
      PROJECT: project,
    }),
  };
}

export function comparableCapture(message: CapturedMessage): ComparableRequest {
  return {
    start: message.start,
    headers: headerLines(Object.entries(message.headers)),
    ...levelled(message.body, {
      PROCESS_NAME: "cap-deb-00",
      HOSTNAME: "vm",
      USERNAME: "masakari",
      PASSWORD: "masakari-secret",
      PROJECT: "service",
    }),
  };
}
