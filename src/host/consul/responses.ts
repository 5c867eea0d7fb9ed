import { isIP } from "node:net";
import { array, maxLength, nonEmpty, nullish, number, object, pipe, string } from "valibot";
import { checkJson } from "../../system/parse-json.ts";

/** A response of an agent that is not what Consul's API documents. */
export class NotUnderstoodError extends Error {
  readonly code = "CONSUL_RESPONSE";
}

/** One entry of `GET /v1/agent/members`: what the agent itself knows by gossip. */
export interface Member {
  /** Serf's (serf/serf.go MemberStatus): none 0, alive 1, leaving 2, left 3, failed 4. */
  readonly status: "alive" | "leaving" | "left" | "failed" | "other";
  readonly isServer: boolean;
  /** At which the others reach its agent; undefined if it is none. */
  readonly address: string | undefined;
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
/** Consul refuses longer names of nodes. */
const name = pipe(string(), nonEmpty(), maxLength(255));
const memberList = array(
  object({ Name: name, Status: number(), Addr: nullish(string()), Tags: nullish(object({ role: nullish(string()) })) }),
);
const checkList = array(object({ Node: name, CheckID: string(), Status: string(), ModifyIndex: nullish(number()) }));

/** By name. @throws NotUnderstoodError */
export function parseMembers(body: Buffer): ReadonlyMap<string, Member> {
  const list = checkJson(memberList, body.toString("utf8"));
  if ("problem" in list) throw notUnderstood(list.problem);
  return new Map(
    list.value.map(({ Name, Status, Addr, Tags }) => [
      Name,
      {
        status: STATUS[Status] ?? "other",
        isServer: Tags?.role === "consul",
        address: isIP(Addr ?? "") === 0 ? undefined : (Addr ?? undefined),
      },
    ]),
  );
}

/** By the node's name. @throws NotUnderstoodError */
export function parseHealth(body: Buffer): ReadonlyMap<string, NodeHealth> {
  const list = checkJson(checkList, body.toString("utf8"));
  if ("problem" in list) throw notUnderstood(list.problem);
  const nodes = new Map<string, NodeHealth>();
  for (const { Node, CheckID, Status, ModifyIndex } of list.value) {
    const node = nodes.get(Node) ?? { serf: undefined, modifyIndex: 0, isInMaintenance: false };
    if (CheckID === "_node_maintenance") nodes.set(Node, { ...node, isInMaintenance: true });
    if (CheckID !== "serfHealth") continue;
    const serf = Status === "passing" || Status === "critical" ? Status : "other";
    nodes.set(Node, { ...node, serf, modifyIndex: ModifyIndex ?? 0 });
  }
  return nodes;
}

function notUnderstood(what: string): NotUnderstoodError {
  return new NotUnderstoodError(`${what}; is this the HTTP API of a Consul agent?`);
}
