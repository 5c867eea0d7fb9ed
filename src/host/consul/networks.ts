import type { Config } from "../../config/sections.ts";

/** The networks that may have a Consul cluster each, in upstream's order. */
export const NETWORKS = ["manage", "tenant", "storage"] as const;
export type Network = (typeof NETWORKS)[number];

export type ConsulConfig = Config["consul"];

/** The local agent of one network. */
export interface AgentAddress {
  readonly network: Network;
  /** E.g. `http://127.0.0.1:8500`. */
  readonly origin: string;
  readonly token: string | undefined;
}

const ADDRESS = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?$/;

/** The networks for which an agent is configured. */
export function configuredNetworks(config: ConsulConfig): readonly Network[] {
  return NETWORKS.filter((network) => config[`agent_${network}`] !== undefined);
}

/** @returns undefined if none is configured, or if it is not HOST[:PORT] */
export function agentAddress(network: Network, config: ConsulConfig): AgentAddress | undefined {
  const [, host, port] = ADDRESS.exec(config[`agent_${network}`] ?? "") ?? [];
  if (host === undefined) return undefined;
  const defaultPort = config.scheme === "https" ? "8501" : "8500";
  const url = URL.parse(`${config.scheme}://${host}:${port ?? defaultPort}`);
  // `origin` leaves out a port that is the scheme's own, which is of no matter.
  return url === null ? undefined : { network, origin: url.origin, token: tokenOf(network, config) };
}

/** The ACL token for the agent of a network. */
export function tokenOf(network: Network, config: ConsulConfig): string | undefined {
  return config[`token_${network}`] ?? config.token;
}
