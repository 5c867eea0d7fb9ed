import {
  array,
  boolean,
  type InferOutput,
  literal,
  looseObject,
  nullish,
  number,
  object,
  picklist,
  string,
  variant,
} from "valibot";
import { parseJson } from "../../system/parse-json.ts";
import { printable } from "../../system/printable.ts";

/** What the API server states about a node, as far as it matters here. */
export interface Node {
  readonly name: string;
  /** The condition of type Ready; undefined for a node that has just registered, or lacks it for another reason. */
  readonly ready: Ready | undefined;
  /** Cordoned: no new pods. */
  readonly unschedulable: boolean;
  /** Changes at each boot of the host; empty until its kubelet has stated it. */
  readonly bootId: string;
}

export interface Ready {
  /** `True`, `False` or `Unknown`. */
  readonly status: string;
  readonly reason: string;
  /** `lastTransitionTime` as it is written: RFC 3339, whole seconds, by the clock of the component that wrote the condition. */
  readonly since: string;
}

/** One page of `GET /api/v1/nodes`. */
export interface NodePage {
  readonly nodes: readonly Node[];
  readonly resourceVersion: string;
  /** The token of the next page; undefined on the last. */
  readonly next: string | undefined;
}

/** One line of a watch. */
export type WatchEvent =
  | { readonly type: "changed" | "deleted"; readonly node: Node; readonly resourceVersion: string }
  | { readonly type: "bookmark"; readonly resourceVersion: string }
  | { readonly type: "error"; readonly code: number; readonly message: string };

/** An error as the API server states it: the body of a response, or a line of a watch. */
export interface Status {
  readonly code: number;
  readonly message: string;
}

/** Characters of a server's text in a message. */
const LONGEST_TEXT = 300;

const optionalText = nullish(string(), "");
const StatusObject = object({ status: literal("Failure"), code: nullish(number(), 0), message: optionalText });
const NodeObject = object({
  metadata: object({ name: string(), resourceVersion: optionalText }),
  spec: nullish(object({ unschedulable: nullish(boolean(), false) })),
  status: nullish(
    object({
      conditions: nullish(
        array(object({ type: string(), status: string(), reason: optionalText, lastTransitionTime: optionalText })),
      ),
      nodeInfo: nullish(object({ bootID: optionalText })),
    }),
  ),
});
const NodeList = object({
  kind: literal("NodeList"),
  metadata: object({ resourceVersion: string(), continue: optionalText }),
  items: nullish(array(NodeObject), []),
});
const Line = variant("type", [
  object({ type: picklist(["ADDED", "MODIFIED", "DELETED"]), object: NodeObject }),
  object({ type: literal("BOOKMARK"), object: looseObject({ metadata: object({ resourceVersion: string() }) }) }),
  object({ type: literal("ERROR"), object: StatusObject }),
]);

/** @returns undefined for anything else than a list of nodes */
export function parseNodePage(body: string): NodePage | undefined {
  const list = parseJson(NodeList, body);
  if (list === undefined) return undefined;
  const { continue: next, resourceVersion } = list.metadata;
  return { nodes: list.items.map(nodeOf), resourceVersion, next: next === "" ? undefined : next };
}

/** @returns undefined for a line that is not understood */
export function parseWatchEvent(line: string): WatchEvent | undefined {
  const event = parseJson(Line, line);
  if (event === undefined) return undefined;
  if (event.type === "ERROR") return { type: "error", code: event.object.code, message: shown(event.object.message) };
  const { resourceVersion } = event.object.metadata;
  if (event.type === "BOOKMARK") return { type: "bookmark", resourceVersion };
  return { type: event.type === "DELETED" ? "deleted" : "changed", node: nodeOf(event.object), resourceVersion };
}

/** @returns undefined for a body that is none, such as a proxy's page */
export function parseStatus(body: string): Status | undefined {
  const status = parseJson(StatusObject, body);
  return status === undefined ? undefined : { code: status.code, message: shown(status.message) };
}

function nodeOf({ metadata, spec, status }: InferOutput<typeof NodeObject>): Node {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return {
    name: metadata.name,
    ready: ready && { status: ready.status, reason: shown(ready.reason), since: ready.lastTransitionTime },
    unschedulable: spec?.unschedulable ?? false,
    bootId: status?.nodeInfo?.bootID ?? "",
  };
}

function shown(text: string): string {
  return printable(text.slice(0, LONGEST_TEXT));
}
