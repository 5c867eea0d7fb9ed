import type { ConditionKind } from "../../status/conditions.ts";
import type { Network } from "./networks.ts";

export const CONSUL: ConditionKind = {
  name: "Consul",
  consequence: "a host that fails is not noticed",
  severity: "failing",
};

/** One for each agent, because each may have a problem of its own. */
export function agentCondition(network: Network): ConditionKind {
  return {
    name: `Consul ${network}`,
    consequence: `the state of all hosts on the ${network} network is unknown, which counts neither as up nor as down`,
  };
}
