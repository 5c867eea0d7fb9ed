import type { Clock } from "../../system/clock.ts";
import type { ClusterObservation, DriverProblem, HostObservation, SelfObservation, YesNoUnknown } from "../driver.ts";
import type { ConsulAgent } from "./agent.ts";
import { type AgentLooks, hostsOf } from "./hosts.ts";
import { isBlind, type Matrix } from "./matrix.ts";
import type { Network } from "./networks.ts";
import { agentCondition, CONSUL } from "./problems.ts";

export interface LookerParts {
  readonly clock: Clock;
  readonly matrix: Matrix;
  /** One for each network of the matrix's sequence. */
  readonly agents: readonly ConsulAgent[];
  /** What this host may be called, the likeliest first. */
  readonly ownNames: () => readonly string[];
}

/** Looks at all networks at once. What it remembers between looks is which hosts there are and which agents answered. */
export class Looker {
  readonly #parts: LookerParts;
  #known: ReadonlyMap<string, HostObservation["kind"]> = new Map();
  /** Networks with which contact was lost since the last look that it gave. */
  #interrupted: Set<Network>;

  constructor(parts: LookerParts) {
    this.#parts = parts;
    this.#interrupted = new Set(parts.matrix.sequence);
  }

  /** Contact with the servers of this network was lost, perhaps only for a moment. */
  interrupt(network: Network): void {
    this.#interrupted.add(network);
  }

  /** @throws only the signal's reason */
  async look(signal: AbortSignal): Promise<ClusterObservation> {
    const { clock, matrix, agents, ownNames } = this.#parts;
    const at = clock.now();
    const interrupted = this.#interrupted;
    this.#interrupted = new Set();
    const names = ownNames();
    const looks: AgentLooks = new Map(
      await Promise.all(agents.map(async (agent) => [agent.network, await agent.look(names, signal)] as const)),
    );
    const unusable = new Set([...looks].filter(([, { kind }]) => kind === "unusable").map(([network]) => network));
    for (const network of unusable) this.#interrupted.add(network);
    const hosts = hostsOf(matrix, looks, this.#known);
    this.#known = new Map(hosts.map(({ name, kind }) => [name, kind]));
    return {
      ...contactOf(looks),
      kind: "cluster",
      at,
      interrupted: matrix.sequence.some((network) => interrupted.has(network) && !unusable.has(network)),
      complete: unusable.size === 0,
      hosts,
      maintenance: { cluster: "no" },
      fencing: undefined,
      problems: problemsOf(matrix, looks, unusable),
    };
  }
}

/**
 * One network whose servers answer is enough: on the others all hosts are unknown, and the matrix decides whether that matters.
 */
function contactOf(looks: AgentLooks): {
  readonly self: SelfObservation;
  readonly quorum: YesNoUnknown;
  readonly heartbeat: ClusterObservation["heartbeat"];
} {
  const reasons: string[] = [];
  let isCutOff = false;
  for (const [network, look] of looks) {
    if (look.kind === "usable")
      return { self: { name: look.ownName, stable: "yes" }, quorum: "yes", heartbeat: "heard" };
    reasons.push(`${network}: ${look.reason}`);
    isCutOff ||= look.isCutOff;
  }
  const reason = `no Consul cluster can be queried from this host (${reasons.join("; ")})`;
  return isCutOff
    ? { self: { name: undefined, stable: "no", reason }, quorum: "no", heartbeat: "silent" }
    : { self: { name: undefined, stable: "unknown", reason }, quorum: "unknown", heartbeat: "unknown" };
}

function problemsOf(matrix: Matrix, looks: AgentLooks, unusable: ReadonlySet<Network>): readonly DriverProblem[] {
  const problems: DriverProblem[] = [];
  for (const [network, look] of looks)
    if (look.kind === "unusable") problems.push({ ...agentCondition(network), problem: look.reason });
  if (isBlind(matrix, unusable)) {
    const problem =
      unusable.size === 0
        ? "the matrix has no recovery for any combination"
        : `the matrix needs the network ${[...unusable].join(", ")} to decide that a host is down`;
    problems.push({ ...CONSUL, problem });
  }
  return problems;
}
