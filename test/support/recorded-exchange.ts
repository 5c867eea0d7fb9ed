import { readdirSync, readFileSync } from "node:fs";

/** One recorded request and its response. */
export interface RecordedExchange {
  /** File name, e.g. `071-post-ok.txt`. */
  readonly file: string;
  readonly request: RecordedMessage & { readonly method: string; readonly path: string };
  readonly response: RecordedMessage & { readonly status: number };
}

interface RecordedMessage {
  /** Names in lower case. */
  readonly headers: Readonly<Partial<Record<string, string>>>;
  readonly body: Buffer;
}

/** Reads every `NNN-*.txt` of a directory, in order. */
export function readExchanges(directory: URL): RecordedExchange[] {
  return readdirSync(directory)
    .filter((file) => /^\d{3}-.*\.txt$/.test(file))
    .sort((one, other) => (one < other ? -1 : 1))
    .map((file) => parseExchange(file, readFileSync(new URL(file, directory))));
}

/** Bytes are kept as Latin-1 characters until the end, since one of the bodies is not UTF-8. */
function parseExchange(file: string, bytes: Buffer): RecordedExchange {
  const [, requestText = "", responseText = ""] = bytes.toString("latin1").split(/^(?:>>> request|<<< response)\n/m);
  const request = parseMessage(requestText);
  const response = parseMessage(responseText);
  const [method = "", path = ""] = request.firstLine.split(" ");
  const status = Number(response.firstLine.split(" ")[1]);
  return { file, request: { ...request, method, path }, response: { ...response, status } };
}

function parseMessage(text: string) {
  const end = text.indexOf("\n\n");
  const [firstLine = "", ...lines] = text.slice(0, end).split("\n");
  const headers: Partial<Record<string, string>> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  // A HEAD's Content-Length is that of a body that was not sent: the slice just ends earlier.
  const body = text.slice(end + 2).slice(0, Number(headers["content-length"] ?? 0));
  return { firstLine, headers, body: Buffer.from(body.trim() === "" ? "" : body, "latin1") };
}
