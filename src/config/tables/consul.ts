import type { SectionTable } from "../option.ts";

export const consulTable = {
  help: "The host monitor's Consul driver.",
  options: {
    agent_manage: {
      type: "string",
      help: "HOST[:PORT] of the local Consul agent of the management network. The port is 8500 by default, 8501 with scheme = https.",
    },
    agent_tenant: { type: "string", help: "HOST[:PORT] of the local Consul agent of the tenant network." },
    agent_storage: { type: "string", help: "HOST[:PORT] of the local Consul agent of the storage network." },
    matrix_config_file: {
      type: "string",
      help: "YAML file that lists the combinations of the networks' health for which a host is recovered. Without it: whenever its agent on the storage network has failed.",
    },
    token: {
      type: "string",
      secret: true,
      ours: true,
      help: 'ACL token for the agents. It needs the right node_prefix "" { policy = "read" }.',
    },
    token_manage: { type: "string", secret: true, ours: true, help: "ACL token for agent_manage, instead of token." },
    token_tenant: { type: "string", secret: true, ours: true, help: "ACL token for agent_tenant, instead of token." },
    token_storage: { type: "string", secret: true, ours: true, help: "ACL token for agent_storage, instead of token." },
    scheme: {
      type: "choice",
      choices: ["http", "https"],
      default: "http",
      ours: true,
      help: "How the agents are reached.",
    },
    ca_file: {
      type: "string",
      ours: true,
      help: "PEM file of the CAs that sign the agents' certificates, e.g. consul-agent-ca.pem. Without it: the system's CAs.",
    },
    cert_file: { type: "string", ours: true, help: "PEM file of the client certificate, for verify_incoming_https." },
    key_file: { type: "string", ours: true, help: "PEM file of the client certificate's key, if not in cert_file." },
    request_timeout: {
      type: "int",
      default: 2,
      min: 1,
      max: 60,
      ours: true,
      help: "Seconds that one request to an agent may take. An agent that does not answer in time counts as unknown, as do all hosts on its network.",
    },
  },
} as const satisfies SectionTable;
