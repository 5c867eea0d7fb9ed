import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../fixtures/masakari-api/debian-14.0.2/", import.meta.url);

/** One recorded exchange with the real services. */
export interface Capture {
  readonly request: CapturedMessage;
  readonly response: CapturedMessage;
}

export interface CapturedMessage {
  /** `POST /v1/notifications HTTP/1.1`, or `HTTP/1.1 202 Accepted`. */
  readonly start: string;
  /** Names as on the wire. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** @param number the three digits that the file's name begins with */
export function capture(number: string): Capture {
  const file = readdirSync(folder).find((name) => name.startsWith(`${number}-`));
  if (file === undefined) throw new Error(`no capture ${number} in ${folder.pathname}`);
  const text = readFileSync(new URL(file, folder), "utf8");
  const [, request = "", response = ""] = /\n>>> request\n([\s\S]*?)\n\n?<<< response\n([\s\S]*)$/.exec(text) ?? [];
  return { request: message(request), response: message(response) };
}

function message(text: string): CapturedMessage {
  const end = text.indexOf("\n\n");
  const [start = "", ...lines] = (end === -1 ? text : text.slice(0, end)).split("\n");
  const headers = lines.filter((line) => line !== "").map((line) => line.split(/:\s*(.*)/s).slice(0, 2));
  // The body ends where Content-Length has it, but for a newline that the recording adds.
  return { start, headers: Object.fromEntries(headers), body: end === -1 ? "" : text.slice(end + 2).trimEnd() };
}
