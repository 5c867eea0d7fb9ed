/** A response of an agent that is not what Consul's API documents. */
export class NotUnderstoodError extends Error {
  readonly code = "CONSUL_RESPONSE";
}

/** One entry of `GET /v1/agent/members`: what the agent itself knows by gossip. */
export interface Member {
  /** Serf's (serf/serf.go MemberStatus): none 0, alive 1, leaving 2, left 3, failed 4. */
  readonly status: "alive" | "leaving" | "left" | "failed" | "other";
  readonly isServer: boolean;
}

/** What the servers know of one node, by `GET /v1/health/state/any`. */
export interface NodeHealth {
  /** `serfHealth`, which the leader keeps. Undefined: the node is in the catalog without it. */
  readonly serf: "passing" | "critical" | "other" | undefined;
  /** Changes whenever `serfHealth` does. */
  readonly modifyIndex: number;
  /** An operator has set `consul maint`. */
  readonly isInMaintenance: boolean;
}

const STATUS: Readonly<Record<number, Member["status"]>> = { 1: "alive", 2: "leaving", 3: "left", 4: "failed" };
/** Characters. Consul refuses longer names of nodes. */
const LONGEST_NAME = 255;

/** By name. @throws NotUnderstoodError */
export function parseMembers(body: Buffer): ReadonlyMap<string, Member> {
  const members = new Map<string, Member>();
  for (const entry of listIn(body)) {
    const { Name: name, Status: status, Tags: tags } = entry;
    if (!isName(name) || typeof status !== "number") throw notUnderstood("an entry without Name or Status");
    const isServer = isObject(tags) && tags.role === "consul";
    members.set(name, { status: STATUS[status] ?? "other", isServer });
  }
  return members;
}

/** By the node's name. @throws NotUnderstoodError */
export function parseHealth(body: Buffer): ReadonlyMap<string, NodeHealth> {
  const nodes = new Map<string, NodeHealth>();
  for (const { Node: name, CheckID: check, Status: status, ModifyIndex: modifyIndex } of listIn(body)) {
    if (!isName(name) || typeof check !== "string") throw notUnderstood("an entry without Node or CheckID");
    const node = nodes.get(name) ?? { serf: undefined, modifyIndex: 0, isInMaintenance: false };
    if (check === "_node_maintenance") nodes.set(name, { ...node, isInMaintenance: true });
    if (check !== "serfHealth") continue;
    const serf = status === "passing" || status === "critical" ? status : "other";
    nodes.set(name, { ...node, serf, modifyIndex: typeof modifyIndex === "number" ? modifyIndex : 0 });
  }
  return nodes;
}

function listIn(body: Buffer): readonly Readonly<Record<string, unknown>>[] {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    throw notUnderstood("not JSON");
  }
  if (!Array.isArray(value) || !value.every(isObject)) throw notUnderstood("not a list of objects");
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= LONGEST_NAME;
}

function notUnderstood(what: string): NotUnderstoodError {
  return new NotUnderstoodError(`${what}; is this the HTTP API of a Consul agent?`);
}
