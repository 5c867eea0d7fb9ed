import type { XmlElement } from "@rgrove/parse-xml";
import type { FencingEvent } from "../driver.ts";
import { fencingEvents } from "./fence-history.ts";
import { booleanOf, childOf, childrenOf, descendants, NotUnderstoodError, parseDocument, textOf } from "./xml.ts";

/** What `crm_mon -X` shows, as far as it decides anything. The same in Pacemaker 2.1.5, 3.0.0 and 3.0.3. */
export interface CrmMon {
  /** State of this host's pacemakerd, `running` while all is well; on a remote node `remote`, before 2.1.6 undefined; undefined before 2.1. */
  readonly daemon: string | undefined;
  /** Whether there is a designated controller; without one the rest of the document means nothing. */
  readonly hasDc: boolean;
  /** undefined if it is not stated, as without a DC. */
  readonly hasQuorum: boolean | undefined;
  readonly maintenanceMode: boolean | undefined;
  readonly nodes: readonly CrmNode[];
  /** Newest first, as shown: pending ones before all others. undefined if the fencer did not answer. */
  readonly fencing: readonly FencingEvent[] | undefined;
  /** The connections to remote nodes, by the name of the remote. */
  readonly connections: ReadonlyMap<string, RemoteConnection>;
}

/** The resource by which a member is connected to a remote node (`ocf:pacemaker:remote`). */
export interface RemoteConnection {
  /** It has failed now: the remote did not answer, or closed the connection. It has not while it only moves to another member. */
  readonly failed: boolean;
  /** An operator has stopped it (`target-role`). */
  readonly stoppedOnPurpose: boolean;
  /** A member is trying to connect. Until it has failed, Pacemaker shows the remote as online, whether it is up or not. */
  readonly connecting: boolean;
}

export interface CrmNode {
  readonly name: string;
  /** Corosync's node id of a member; the name of a remote. */
  readonly id: string;
  readonly type: string;
  readonly online: boolean;
  readonly standby: boolean;
  readonly maintenance: boolean;
  readonly pending: boolean;
  readonly unclean: boolean;
  readonly shutdown: boolean;
  /** Whether the cluster takes it to be up, or lost; false after a clean stop and after fencing. Always false for a remote. */
  readonly expectedUp: boolean;
  /** Another node has the same name, and it is not known which of them is the host. */
  readonly isTwice: boolean;
}

/** @throws NotUnderstoodError nothing may be concluded from this output */
export function parseCrmMon(text: string): CrmMon {
  const root = parseDocument(text);
  if (root.name !== "crm_mon" && root.name !== "pacemaker-result") throw new NotUnderstoodError(`<${root.name}>`);
  const summary = childOf(root, "summary");
  const dc = childOf(summary, "current_dc");
  const hasDc = booleanOf(dc, "present");
  const [options] = childrenOf(summary, "cluster_options");
  return {
    daemon: daemonState(root, summary),
    hasDc,
    hasQuorum: hasDc && dc.attributes.with_quorum !== undefined ? booleanOf(dc, "with_quorum") : undefined,
    maintenanceMode:
      options?.attributes["maintenance-mode"] === undefined ? undefined : booleanOf(options, "maintenance-mode"),
    nodes: parseNodes(root, hasDc),
    fencing: fenceHistory(root),
    connections: connectionsOf(root),
  };
}

/** `<pacemakerd state>` in 2.1, `<stack pacemakerd-state>` in 3. */
function daemonState(root: XmlElement, summary: XmlElement): string | undefined {
  const [daemon] = childrenOf(root, "pacemakerd");
  const [stack] = childrenOf(summary, "stack");
  return (daemon?.attributes.state ?? stack?.attributes["pacemakerd-state"])?.slice(0, 40);
}

/** No element while nothing has been fenced; a status other than 0 if it could not be obtained. */
function fenceHistory(root: XmlElement): readonly FencingEvent[] | undefined {
  const [history] = childrenOf(root, "fence_history");
  if (history === undefined) return [];
  return (history.attributes.status ?? "0") === "0" ? fencingEvents(childrenOf(history, "fence_event")) : undefined;
}

/** Before there is a DC the list may still be empty; afterwards it never is. */
function parseNodes(root: XmlElement, hasDc: boolean): readonly CrmNode[] {
  const inBundles = idsInBundles(root);
  const byName = new Map<string, [Node, ...Node[]]>();
  for (const element of childrenOf(childOf(root, "nodes"), "node")) {
    const node = parseNode(element);
    // Of a node without a name nothing can be notified. A bundle's containers are nodes too, but no hosts.
    if (node.name === "" || (node.type === "remote" && inBundles.has(node.name))) continue;
    const others = byName.get(node.name);
    if (others === undefined) byName.set(node.name, [node]);
    else others.push(node);
  }
  if (hasDc && byName.size === 0) throw new NotUnderstoodError("no nodes");
  return [...byName.values()].map(onlyOf);
}

type Node = Omit<CrmNode, "isTwice">;

/** A host that was installed anew and got another id leaves its earlier node behind, which is down for good. */
function onlyOf(nodes: readonly [Node, ...Node[]]): CrmNode {
  const [first] = nodes;
  const [left, another] = nodes.filter((node) => !isDownForGood(node));
  if (left !== undefined) return { ...left, isTwice: another !== undefined };
  return { ...first, isTwice: nodes.some(({ type }) => type !== first.type) };
}

const isDownForGood = ({ online, expectedUp, unclean, pending }: Node): boolean =>
  !online && !expectedUp && !unclean && !pending;

/** Of all that the cluster runs in containers of its own, with the connections to them, which have the names of their nodes. */
function idsInBundles(root: XmlElement): ReadonlySet<string> {
  const resources = childrenOf(root, "resources").flatMap((all) => [...descendants(all)]);
  const bundles = resources.filter(({ name }) => name === "bundle");
  return new Set(bundles.flatMap((bundle) => [...descendants(bundle)]).map(({ attributes }) => attributes.id ?? ""));
}

function parseNode(node: XmlElement): Node {
  return {
    name: textOf(node, "name"),
    id: textOf(node, "id"),
    type: textOf(node, "type"),
    online: booleanOf(node, "online"),
    standby: booleanOf(node, "standby"),
    maintenance: booleanOf(node, "maintenance"),
    pending: booleanOf(node, "pending"),
    unclean: booleanOf(node, "unclean"),
    shutdown: booleanOf(node, "shutdown"),
    expectedUp: booleanOf(node, "expected_up"),
  };
}

function connectionsOf(root: XmlElement): ReadonlyMap<string, RemoteConnection> {
  const starting = startingResources(root);
  const resources = childrenOf(root, "resources").flatMap((all) => [...descendants(all)]);
  const connections = resources.filter(({ attributes }) =>
    /^ocf::?pacemaker:remote$/.test(attributes.resource_agent ?? ""),
  );
  return new Map(
    connections.map((resource) => [
      textOf(resource, "id"),
      {
        failed: booleanOf(resource, "failed"),
        stoppedOnPurpose: resource.attributes.target_role === "Stopped",
        connecting: starting.has(textOf(resource, "id")),
      },
    ]),
  );
}

/** The resources whose start is under way on a node. `role` shows it as Starting, but not while an older operation is also pending. */
function startingResources(root: XmlElement): ReadonlySet<string> {
  const histories = childrenOf(root, "node_history").flatMap((all) => [...descendants(all)]);
  const isStarting = (history: XmlElement): boolean =>
    childrenOf(history, "operation_history").some(
      ({ attributes: { call, task } }) => call === "-1" && task === "start",
    );
  return new Set(
    histories
      .filter((element) => element.name === "resource_history" && isStarting(element))
      .map((history) => textOf(history, "id")),
  );
}
