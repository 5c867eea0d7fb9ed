import { readFileSync } from "node:fs";

/** A captured response. */
export interface CapturedResponse {
  readonly status: number;
  /** Names as on the wire. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const folder = new URL("../../../fixtures/kubernetes/kubernetes-1.20.2/", import.meta.url);

/** @param name e.g. `01-list` */
export function response(name: string): CapturedResponse {
  const text = readFileSync(new URL(`${name}.txt`, folder), "utf8");
  const [, head = "", body = ""] = /<<< response\n([\s\S]*?)\n\n([\s\S]*)$/.exec(text) ?? [];
  const [start = "", ...lines] = head.split("\n");
  return {
    status: Number(start.split(" ")[1]),
    headers: Object.fromEntries(lines.map((line) => line.split(/:\s*(.*)/s).slice(0, 2))),
    body: body.trimEnd(),
  };
}

/** The lines of a captured watch. @param name e.g. `05-watch-events` */
export function watchLines(name: string): readonly string[] {
  const text = readFileSync(new URL(`${name}.jsonl`, folder), "utf8");
  return text.split("\n").filter((line) => line.startsWith("{"));
}
