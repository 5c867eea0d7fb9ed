import type { HostObservation, YesNoUnknown } from "../driver.ts";
import type { Member } from "./corosync.ts";
import type { CrmMon, CrmNode } from "./crm-mon.ts";

/** What is known beside `crm_mon -X` when its nodes are judged. */
export interface Beside {
  /** Whether Corosync has quorum, which Pacemaker learns later; undefined where Corosync cannot be asked. */
  readonly quorate?: boolean | undefined;
  /** Corosync's members by node id; undefined where Corosync cannot be asked. */
  readonly members: ReadonlyMap<string, Member> | undefined;
  /** For how long, ms, looks have shown the node as lost without a break; 0 at the first. */
  readonly lostForMs: (name: string) => number;
}

/**
 * For how long a member must be lost before it counts, where Corosync cannot be asked, ms: while pacemaker-controld of a healthy host dies and
 * respawns, crm_mon shows the host as lost for well under a second.
 */
export const RESPAWN_MS = 3000;

/** The hosts as this look shows them. Without a quorate partition nothing is known of any host. */
export function hostsOf(crm: CrmMon, beside: Beside): readonly HostObservation[] {
  return crm.nodes.map((node) => ({
    name: node.name,
    kind: node.type === "remote" ? "remote" : "member",
    ...stateOf(node, crm, beside),
    maintenance: node.maintenance ? "yes" : "no",
    standby: node.standby ? "yes" : "no",
    ...incarnationOf(node, beside),
  }));
}

/** Whether the look shows the node as lost, however briefly. */
export function isLost({ online }: CrmNode, { hasDc, hasQuorum }: CrmMon): boolean {
  return !online && hasDc && hasQuorum === true;
}

type Judged = Pick<HostObservation, "state" | "reason" | "departure" | "stopping">;

function stateOf(node: CrmNode, crm: CrmMon, beside: Beside): Judged {
  if (!crm.hasDc) return { state: "unknown", reason: "the cluster has no designated controller" };
  if (quorumOf(crm, beside) !== "yes") return { state: "unknown", reason: "this side of the cluster has no quorum" };
  if (node.type !== "member" && node.type !== "remote")
    return { state: "unknown", reason: `it is of type ${node.type}` };
  if (node.isTwice) return { state: "unknown", reason: "several nodes of the cluster have this name" };
  if (node.online) return onlineState(node, crm);
  return node.type === "remote" ? lostRemote(node, crm) : lostMember(node, beside);
}

function onlineState(node: CrmNode, { connections }: CrmMon): Judged {
  if (node.type === "remote" && connections.get(node.name)?.connecting) {
    return { state: "unstable", reason: "a member is trying to connect to it" };
  }
  if (node.pending) return { state: "unstable", reason: "it is joining the cluster" };
  if (node.unclean) return { state: "unstable", reason: "online, but unclean: the cluster is about to fence it" };
  // A remote is never expected_up.
  const isStopping = node.shutdown || (node.type === "member" && !node.expectedUp);
  return isStopping
    ? { state: "online", stopping: true, reason: "its cluster stack is stopping" }
    : { state: "online" };
}

function lostMember(node: CrmNode, { members, lostForMs }: Beside): Judged {
  if (!node.expectedUp) {
    // A member that the status section never mentions since the cluster started is unclean, and not expected up either.
    if (node.unclean) return { state: "offline", departure: "unknown", reason: "not seen since the cluster started" };
    return { state: "offline", departure: "expected", reason: "offline, and not expected to be up" };
  }
  if (members?.get(node.id)?.joined === true) {
    return { state: "unstable", reason: "Pacemaker does not run on it, but Corosync still has it as a member" };
  }
  if (members === undefined && lostForMs(node.name) < RESPAWN_MS) {
    return { state: "unstable", reason: `offline for less than ${RESPAWN_MS / 1000} s` };
  }
  return { state: "offline", departure: "crash", reason: node.unclean ? "lost, not fenced yet" : "lost" };
}

/**
 * `expected_up` means nothing for a remote. While the member that held its connection is lost, a healthy remote is offline for some
 * seconds, until another member is connected to it: only a connection that has failed, or fencing, is a loss.
 */
function lostRemote({ name, unclean }: CrmNode, { connections, fencing }: CrmMon): Judged {
  const isBeingFenced = fencing?.some(({ target, status }) => target === name && status === "pending") ?? false;
  if (unclean || isBeingFenced) return { state: "offline", departure: "crash", reason: "lost, not fenced yet" };
  const connection = connections.get(name);
  // It stays so after the remote was fenced: whether it was, the history shows.
  if (connection?.failed) return { state: "offline", departure: "unknown", reason: "its connection has failed" };
  if (connection?.stoppedOnPurpose) {
    return { state: "offline", departure: "expected", reason: "its connection is stopped on purpose (target-role)" };
  }
  return { state: "unstable", reason: "no member is connected to it now" };
}

function incarnationOf({ id, type }: CrmNode, { members }: Beside): Pick<HostObservation, "incarnation"> {
  const joinCount = type === "member" ? members?.get(id)?.joinCount : undefined;
  return joinCount === undefined ? {} : { incarnation: String(joinCount) };
}

export function quorumOf({ hasDc, hasQuorum }: CrmMon, { quorate }: Pick<Beside, "quorate">): YesNoUnknown {
  if (quorate === false) return "no";
  if (!hasDc || hasQuorum === undefined) return "unknown";
  return hasQuorum ? "yes" : "no";
}
