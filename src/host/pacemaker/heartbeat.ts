import type { ClusterObservation, DriverProblem } from "../driver.ts";
import { type Links, type Member, parseLinks, parseMembers, parsePresentMembers, presentMembers } from "./corosync.ts";
import type { PacketListener } from "./packets.ts";
import { HEARTBEAT, HUNG_COROSYNC } from "./problems.ts";
import type { ToolResult, Tools } from "./tools.ts";

/** What this host's Corosync, or failing that its network, shows of the contact with the others. */
export interface Contact {
  readonly heartbeat: ClusterObservation["heartbeat"];
  /** Whether Corosync itself has quorum; undefined where it cannot be asked. */
  readonly quorate: boolean | undefined;
  /** Corosync's members by node id; undefined where it cannot be asked. */
  readonly members: ReadonlyMap<string, Member> | undefined;
  /** This host's own Corosync does not answer: what Pacemaker shows may be an old truth. */
  readonly isCorosyncHung: boolean;
  readonly problems: readonly DriverProblem[];
}

/** Frozen, Corosync lets its tools wait for ever, while crm_mon shows in 35 ms that all is well. */
const LIMIT_MS = 5000;
const OUTPUT_LIMIT = 1024 * 1024;
/** Exit codes of corosync-quorumtool. */
const [QUORATE, NOT_QUORATE] = [0, 2];

const LIMITS = { timeoutMs: LIMIT_MS, outputLimit: OUTPUT_LIMIT, often: true };

/** How often each member has joined, which may be asked before the rest: who is a member now, `contactOf` asks again. */
export async function joinsOf(tools: Tools, signal: AbortSignal): Promise<ToolResult> {
  return await tools.run(["corosync-cmapctl", "runtime.members"], LIMITS, signal);
}

export interface ContactParts {
  readonly tools: Tools;
  readonly packets: PacketListener;
  readonly joins: Promise<ToolResult>;
}

/**
 * Asks Corosync where its tools are there and permitted: quorate or not (exit 0 or 2), with a peer connected. Else listens for its
 * packets on the interfaces that the configuration names.
 */
export async function contactOf({ tools, packets, joins }: ContactParts, signal: AbortSignal): Promise<Contact> {
  const [quorum, links, members] = await Promise.all([
    tools.run(["corosync-quorumtool", "-s"], { ...LIMITS, codes: [QUORATE, NOT_QUORATE] }, signal),
    tools.run(["corosync-cfgtool", "-s"], LIMITS, signal),
    joins,
  ]);
  const hung = quorum.kind === "hung" ? quorum : links.kind === "hung" ? links : undefined;
  if (hung !== undefined) {
    const problem = `this host's own Corosync does not answer (${hung.reason})`;
    return { ...nothing, heartbeat: "silent", isCorosyncHung: true, problems: [{ ...HUNG_COROSYNC, problem }] };
  }
  const seen = { ...nothing, members: membersOf(quorum, members) };
  const states = links.kind === "output" ? parseLinks(links.text) : undefined;
  if (quorum.kind === "output" && states !== undefined) {
    return { ...seen, quorate: quorum.code === QUORATE, heartbeat: heartbeatOf(states), problems: [] };
  }
  const refusal = quorum.kind === "output" ? links : quorum;
  const reason = refusal.kind === "output" ? "the output of corosync-cfgtool is not understood" : refusal.reason;
  const { heartbeat, problem } = await packets.listen(signal);
  return {
    ...seen,
    heartbeat,
    problems: problem === undefined ? [] : [{ ...HEARTBEAT, problem: `${reason}; ${problem}` }],
  };
}

/** @param before of `joinsOf`: from before the loss that this look may show */
function membersOf(quorum: ToolResult, before: ToolResult): Contact["members"] {
  const known = before.kind === "output" ? parseMembers(before.text) : undefined;
  const present = quorum.kind === "output" ? parsePresentMembers(quorum.text) : undefined;
  if (present !== undefined) return presentMembers(present, known);
  return known !== undefined && known.size > 0 ? known : undefined;
}

const nothing = { quorate: undefined, members: undefined, isCorosyncHung: false };

/** A cluster of one member has no peer to hear from. */
function heartbeatOf({ peers, connected }: Links): Contact["heartbeat"] {
  if (peers === 0) return "unknown";
  return connected > 0 ? "heard" : "silent";
}
