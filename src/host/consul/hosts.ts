import type { HostObservation, Position, YesNoUnknown } from "../driver.ts";
import type { AgentLook } from "./agent.ts";
import { judge, type Matrix } from "./matrix.ts";
import type { Network } from "./networks.ts";
import type { NodeHealth } from "./responses.ts";

export type AgentLooks = ReadonlyMap<Network, AgentLook>;

interface Judged {
  readonly state: Position["state"];
  /** What Consul reports, for the operator. */
  readonly reported: string;
}

/**
 * Every host that an agent lists, or its servers have, as the matrix judges it.
 * @param known the kinds of hosts seen before, for those whose agents cannot be asked now
 */
export function hostsOf(
  matrix: Matrix,
  looks: AgentLooks,
  known: ReadonlyMap<string, HostObservation["kind"]>,
): readonly HostObservation[] {
  const names = new Set<string>();
  for (const look of looks.values()) {
    if (look.kind === "unusable") continue;
    for (const name of look.members.keys()) names.add(name);
    for (const [name, { serf }] of look.health) if (serf !== undefined) names.add(name);
  }
  // What only an agent lists that cannot be asked now has not vanished.
  if ([...looks.values()].some(({ kind }) => kind === "unusable")) for (const name of known.keys()) names.add(name);
  return [...names].sort().map((name) => hostOf(name, matrix, looks, known.get(name)));
}

function hostOf(
  name: string,
  matrix: Matrix,
  looks: AgentLooks,
  knownKind: HostObservation["kind"] | undefined,
): HostObservation {
  const judged = matrix.sequence.map((network) => ({ network, ...positionOf(name, looks.get(network)) }));
  const verdict = judge(
    matrix,
    judged.map(({ state }) => state),
  );
  const incarnation = verdict.state === "online" ? incarnationOf(name, matrix, looks) : undefined;
  return {
    name,
    kind: kindOf(name, looks) ?? knownKind ?? "member",
    ...verdict,
    reason: judged.map(({ network, reported }) => `${network} ${reported}`).join(", "),
    maintenance: maintenanceOf(name, looks),
    ...(incarnation !== undefined && { incarnation }),
    positions: judged.map(({ network, state }) => ({ name: network, state })),
  };
}

/** A failure counts only if the agent and, asked afterwards, the servers have it: a host that is cut off itself sees all others fail. */
function positionOf(name: string, look: AgentLook | undefined): Judged {
  if (look === undefined || look.kind === "unusable") return { state: "unknown", reported: "unknown" };
  const member = look.members.get(name);
  const serf = look.health.get(name)?.serf;
  const disagreement = (agent: string): Judged => ({
    state: "unknown",
    reported: `unknown (${agent} for the agent, ${serf ?? "not registered"} for the servers)`,
  });
  switch (member?.status) {
    case "alive":
      return serf === "passing" ? { state: "up", reported: "alive" } : disagreement("alive");
    case "failed":
      return serf === "critical" ? { state: "down", reported: "failed" } : disagreement("failed");
    case "leaving":
    case "left":
      return { state: "left", reported: member.status };
    case "other":
      return disagreement("of unknown status");
    case undefined:
      // An agent that was restarted does not list who had failed before; the leader keeps it.
      if (serf === "critical") return { state: "down", reported: "failed (for the servers)" };
      return serf === undefined ? { state: "unknown", reported: "not a member" } : disagreement("not a member");
  }
}

/** A host that is a server in every cluster that has it is a controller, as far as Consul shows. */
function kindOf(name: string, looks: AgentLooks): HostObservation["kind"] | undefined {
  const roles = [...looks.values()].flatMap((look) => (look.kind === "usable" ? (look.members.get(name) ?? []) : []));
  if (roles.length === 0) return undefined;
  return roles.every(({ isServer }) => isServer) ? "server" : "member";
}

function maintenanceOf(name: string, looks: AgentLooks): YesNoUnknown {
  const found = [...looks.values()];
  const isSet = found.some((look) => look.kind === "usable" && look.health.get(name)?.isInMaintenance === true);
  if (isSet) return "yes";
  return found.every(({ kind }) => kind === "usable") ? "no" : "unknown";
}

/** Of when the servers last saw it come back on each network; undefined if one of them is not known. */
function incarnationOf(name: string, { sequence }: Matrix, looks: AgentLooks): string | undefined {
  const nodes: NodeHealth[] = [];
  for (const network of sequence) {
    const look = looks.get(network);
    const node = look?.kind === "usable" ? look.health.get(name) : undefined;
    if (node === undefined) return undefined;
    nodes.push(node);
  }
  return nodes.map(({ modifyIndex }) => modifyIndex).join(".");
}
