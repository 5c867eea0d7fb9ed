import type { SectionTable } from "../option.ts";

export const consulTable = {
  help: "The host monitor's Consul driver.",
  options: {
    agent_manage: { type: "string", help: "HOST[:PORT] of the local Consul agent of the management network." },
    agent_tenant: { type: "string", help: "HOST[:PORT] of the local Consul agent of the tenant network." },
    agent_storage: { type: "string", help: "HOST[:PORT] of the local Consul agent of the storage network." },
    matrix_config_file: {
      type: "string",
      help: "YAML file that lists for which combinations of the networks' health a host is to be recovered.",
    },
  },
} as const satisfies SectionTable;
