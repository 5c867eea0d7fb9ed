import type { HostObservation, SelfObservation } from "../driver.ts";
import type { Node } from "./nodes.ts";
import type { UnknownAges } from "./unknown-ages.ts";

/** Each node as a host. Only Unknown that has lasted is "offline": a node whose Ready is False has a kubelet that states so itself. */
export function hostsOf(
  nodes: readonly Node[],
  ages: Pick<UnknownAges, "ageOf" | "requiredFor">,
): readonly HostObservation[] {
  return nodes.map((node) => {
    const { name, unschedulable, bootId } = node;
    return {
      name,
      kind: "node",
      ...stateOf(node, ages),
      standby: unschedulable ? "yes" : "no",
      ...(bootId !== "" && { incarnation: bootId }),
    };
  });
}

function stateOf(
  node: Node,
  ages: Pick<UnknownAges, "ageOf" | "requiredFor">,
): Pick<HostObservation, "state" | "reason" | "departure"> {
  const { ready } = node;
  if (ready === undefined)
    return { state: "unknown", reason: "it has no Ready condition; it may just have registered" };
  const reason = `Ready is ${ready.status} (${ready.reason}) since ${ready.since}`;
  switch (ready.status) {
    case "True":
      return { state: "online" };
    case "False":
      return { state: "unstable", reason: `${reason}: its kubelet is running and reports this itself` };
    case "Unknown": {
      const age = ages.ageOf(node);
      const required = ages.requiredFor(node);
      return age < required
        ? { state: "unknown", reason: `${reason}, believed once it has lasted ${required / 1000} s` }
        : { state: "offline", reason, departure: "unknown" };
    }
    default:
      return { state: "unknown", reason };
  }
}

/**
 * This host among the nodes: by its name or the first part of it, else by the id of its boot, as where nodes have their full name and the host a short
 * one. Nodes that are containers of one machine have the same id.
 */
export function ownNode(nodes: readonly Node[], names: readonly string[], ownBootId: string): Node | undefined {
  const candidates = [...names, ...names.map((name) => name.split(".", 1)[0] ?? "")];
  for (const candidate of candidates) {
    const node = nodes.find(({ name }) => name === candidate);
    if (node !== undefined) return node;
  }
  const [booted, another] = nodes.filter(({ bootId }) => bootId !== "" && bootId === ownBootId);
  return another === undefined ? booted : undefined;
}

/** When most nodes are Unknown at once, it is the network, the API servers or a certificate that failed, not most of the hosts. */
export function selfOf(nodes: readonly Node[], own: Node | undefined): SelfObservation {
  const name = own?.name;
  const isUnknown = ({ ready }: Node): boolean => ready?.status === "Unknown";
  if (own !== undefined && isUnknown(own)) {
    return { name, stable: "no", reason: "the API server has not heard from this host's own kubelet for a long time" };
  }
  const stated = nodes.filter(({ ready }) => ready !== undefined);
  const silent = stated.filter(isUnknown).length;
  if (silent * 2 <= stated.length) return { name, stable: "yes" };
  return {
    name,
    stable: "no",
    reason:
      `${silent} of ${stated.length} nodes are Unknown, which is more likely a fault of the network or of the Kubernetes control plane; ` +
      "check it, and delete the Node objects of hosts that are gone for good",
  };
}
